"""Log in to Azure Container Registry with what the machine or the pod is in Entra, without a stored password.

In: a reference whose registry is Azure's. Out: credentials for `auth`, whose identity token is the registry's refresh
token. It does not know what is read from the registry, nor how access tokens are got with what it gives.
"""
