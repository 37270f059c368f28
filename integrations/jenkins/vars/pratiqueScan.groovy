// Scan an image, publish what was found, and give the exit code; pratiqueScan.txt says what it takes.

def call(Map args = [:]) {
    def known = ['image', 'policy', 'failOn', 'db', 'folder', 'extra', 'publish', 'failBuild']
    def odd = args.keySet().find { !(it in known) }
    if (odd) {
        error "pratiqueScan: no such setting: ${odd}; known are ${known.join(', ')}"
    }
    if (!args.image) {
        error 'pratiqueScan: image is missing'
    }
    def folder = args.folder ?: 'pratique'
    def words = ['pratique', 'scan', args.image, '-f', 'table']
    def files = [json: 'report.json', sarif: 'report.sarif', junit: 'junit.xml', 'warnings-ng': 'issues.json', html: 'report.html']
    files.each { form, file -> words += ['--also', form + '=' + folder + '/' + file] }
    if (args.policy) { words += ['--policy', args.policy] }
    if (args.failOn) { words += ['--fail-on', args.failOn] }
    if (args.db) { words += ['--db', args.db] }
    words += (args.extra ?: [])
    sh(script: 'mkdir -p ' + quote(folder), label: 'pratique: make a folder')
    int status = sh(script: words.collect { quote(it) }.join(' '), returnStatus: true, label: 'pratique scan')
    if (status > 1) {
        error "pratique scan could not be done (exit code ${status})"
    }
    if (args.publish != false) {
        publish(folder)
    }
    if (status == 1 && args.failBuild != false) {
        error 'pratique: the image is refused'
    }
    return status
}

def publish(String folder) {
    archiveArtifacts artifacts: folder + '/*', allowEmptyArchive: true
    junit testResults: folder + '/junit.xml', allowEmptyResults: true, skipMarkingBuildUnstable: true
    recordIssues enabledForFailure: true, tool: issues(pattern: folder + '/issues.json', id: 'pratique', name: 'Pratique')
}

// One word for a POSIX shell, whatever is in it.
def quote(Object word) {
    return "'" + word.toString().replace("'", "'\\''") + "'"
}
