import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.lesfurets.jenkins.unit.BasePipelineTest;
import com.lesfurets.jenkins.unit.MethodCall;
import groovy.lang.Closure;
import groovy.lang.Script;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.Before;
import org.junit.Test;

/** The shared library, run by JenkinsPipelineUnit: which steps it takes with which arguments. */
public class LibraryTest extends BasePipelineTest {
    private final List<String> scripts = new ArrayList<>();
    private int status = 0;

    @Override
    @Before
    public void setUp() throws Exception {
        super.setUp();
        LibraryTest test = this;
        allow("sh", new Closure<Object>(this) {
            public Object doCall(Map<?, ?> args) {
                test.scripts.add(args.get("script").toString());
                return Boolean.TRUE.equals(args.get("returnStatus")) ? (Object) test.status : null;
            }
        });
        for (String step : List.of("archiveArtifacts", "junit", "recordIssues", "issues", "file", "string")) {
            allow(step, new Closure<Object>(this) {
                public Object doCall(Map<?, ?> args) {
                    return args;
                }
            });
        }
        // As Jenkins does it; the framework of this version only notes the result.
        getHelper().registerAllowedMethod("error", List.of(String.class), new Closure<Object>(this) {
            public Object doCall(String message) {
                throw new IllegalStateException(message);
            }
        });
        getHelper().registerAllowedMethod("unstable", List.of(String.class), new Closure<Object>(this) {
            public Object doCall(String message) {
                return null;
            }
        });
        getHelper().registerAllowedMethod("withCredentials", List.of(List.class, Closure.class), new Closure<Object>(this) {
            public Object doCall(List<?> secrets, Closure<?> body) {
                return body.call();
            }
        });
    }

    private void allow(String step, Closure<Object> does) {
        getHelper().registerAllowedMethod(step, List.of(Map.class), does);
    }

    private Object call(String step, Object... pairs) throws Exception {
        Script script = loadScript("vars/" + step + ".groovy");
        Map<String, Object> args = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            args.put((String) pairs[i], pairs[i + 1]);
        }
        return script.invokeMethod("call", new Object[] {args});
    }

    private boolean called(String step) {
        return getHelper().getCallStack().stream().map(MethodCall::getMethodName).anyMatch(step::equals);
    }

    @Test
    public void aScanWritesAllReportsAndPublishesThem() throws Exception {
        assertEquals(0, call("pratiqueScan", "image", "registry.example/web:1", "policy", "p.yaml"));
        String scan = scripts.get(1);
        assertTrue(scan, scan.startsWith("'pratique' 'scan' 'registry.example/web:1' '-f' 'table'"));
        assertTrue(scan, scan.contains("'--also' 'junit=pratique/junit.xml'"));
        assertTrue(scan, scan.contains("'--also' 'warnings-ng=pratique/issues.json'"));
        assertTrue(scan, scan.endsWith("'--policy' 'p.yaml'"));
        assertTrue(called("junit") && called("recordIssues") && called("archiveArtifacts"));
    }

    @Test
    public void aHostileNameStaysOneWord() throws Exception {
        call("pratiqueScan", "image", "x'; rm -rf / #$(id)");
        assertTrue(scripts.get(1), scripts.get(1).contains("'x'\\''; rm -rf / #$(id)'"));
    }

    @Test
    public void aRefusedImageFailsTheBuildAfterItsReportsArePublished() {
        status = 1;
        assertThrows(Exception.class, () -> call("pratiqueScan", "image", "web"));
        assertTrue(called("junit"));
    }

    @Test
    public void aRefusedImageMayBeLeftToThePipeline() throws Exception {
        status = 1;
        assertEquals(1, call("pratiqueScan", "image", "web", "failBuild", false));
    }

    @Test
    public void whatCouldNotBeDoneFailsTheBuildAndPublishesNothing() {
        status = 3;
        assertThrows(Exception.class, () -> call("pratiqueScan", "image", "web", "failBuild", false));
        assertFalse(called("junit"));
    }

    @Test
    public void aMistypedOrMissingSettingIsAnError() {
        assertThrows(Exception.class, () -> call("pratiqueScan", "image", "web", "polcy", "p.yaml"));
        assertThrows(Exception.class, () -> call("pratiqueScan"));
        assertThrows(Exception.class, () -> call("pratiqueGate", "policy", "p.yaml"));
        assertThrows(Exception.class, () -> call("pratiqueSign", "image", "web"));
        assertTrue(scripts.isEmpty());
    }

    @Test
    public void theGateFailsOrMakesUnstable() throws Exception {
        assertEquals(true, call("pratiqueGate", "image", "web", "keys", List.of("a.pub", "b.pub")));
        assertEquals("'pratique' 'check' 'web' '--key' 'a.pub' '--key' 'b.pub'", scripts.get(0));
        status = 1;
        assertThrows(Exception.class, () -> call("pratiqueGate", "image", "web"));
        assertFalse(called("unstable"));
        assertEquals(false, call("pratiqueGate", "image", "web", "unstable", true));
        assertTrue(called("unstable"));
        status = 3;
        assertThrows(Exception.class, () -> call("pratiqueGate", "image", "web", "unstable", true));
    }

    @Test
    public void signingLeavesTheSecretToTheShell() throws Exception {
        call("pratiqueSign", "image", "web", "keyCredentialsId", "key", "passwordCredentialsId", "password");
        assertEquals("pratique sign --key \"$PRATIQUE_KEY\" 'web'", scripts.get(0));
        assertTrue(called("withCredentials") && called("file") && called("string"));
    }
}
