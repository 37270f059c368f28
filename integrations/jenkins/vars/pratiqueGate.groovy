// Judge an image by a policy; pratiqueGate.txt says what it takes.

def call(Map args = [:]) {
    def known = ['image', 'policy', 'keys', 'db', 'unstable']
    def odd = args.keySet().find { !(it in known) }
    if (odd) {
        error "pratiqueGate: no such setting: ${odd}; known are ${known.join(', ')}"
    }
    if (!args.image) {
        error 'pratiqueGate: image is missing'
    }
    def words = ['pratique', 'check', args.image]
    if (args.policy) { words += ['--policy', args.policy] }
    if (args.db) { words += ['--db', args.db] }
    (args.keys ?: []).each { words += ['--key', it] }
    int status = sh(script: words.collect { quote(it) }.join(' '), returnStatus: true, label: 'pratique check')
    if (status == 1 && args.unstable) {
        unstable 'pratique: the policy denies the image'
    } else if (status == 1) {
        error 'pratique: the policy denies the image'
    } else if (status != 0) {
        error "pratique check could not be done (exit code ${status})"
    }
    return status == 0
}

// One word for a POSIX shell, whatever is in it.
def quote(Object word) {
    return "'" + word.toString().replace("'", "'\\''") + "'"
}
