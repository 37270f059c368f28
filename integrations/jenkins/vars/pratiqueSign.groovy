// Sign an image in cosign's format; pratiqueSign.txt says what it takes.

def call(Map args = [:]) {
    def known = ['image', 'keyCredentialsId', 'passwordCredentialsId']
    def odd = args.keySet().find { !(it in known) }
    if (odd) {
        error "pratiqueSign: no such setting: ${odd}; known are ${known.join(', ')}"
    }
    if (!args.image || !args.keyCredentialsId) {
        error 'pratiqueSign: image and keyCredentialsId are needed'
    }
    def secrets = [file(credentialsId: args.keyCredentialsId, variable: 'PRATIQUE_KEY')]
    if (args.passwordCredentialsId) {
        secrets << string(credentialsId: args.passwordCredentialsId, variable: 'COSIGN_PASSWORD')
    }
    withCredentials(secrets) {
        // The shell puts the key's path in, not Groovy: a secret never stands in the script.
        sh(script: 'pratique sign --key "$PRATIQUE_KEY" ' + quote(args.image), label: 'pratique sign')
    }
}

// One word for a POSIX shell, whatever is in it.
def quote(Object word) {
    return "'" + word.toString().replace("'", "'\\''") + "'"
}
