"""x"""


def write(path, *a):
    return path
