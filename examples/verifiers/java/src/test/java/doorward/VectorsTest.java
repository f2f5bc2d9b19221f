package doorward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.sun.net.httpserver.HttpServer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every vector, through the verifiers and through the filter; then what vectors cannot say. */
final class VectorsTest {

  record Vector(Map<String, Object> file, Map<String, Object> it) {
    @Override
    public String toString() {
      return (String) it.get("name");
    }

    boolean valid() {
      return (Boolean) it.get("valid");
    }

    Clock clock() {
      return at(((Number) it.get("now")).longValue());
    }

    /** Who the app should see. */
    String user() {
      if (!valid()) {
        return null;
      }
      Map<String, Object> claims = object(it.get("claims"));
      return (String) (claims == null ? it.get("user") : claims.get("preferred_username"));
    }
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  static List<Object> list(Object value) {
    return value == null ? List.of() : (List<Object>) value;
  }

  static Clock at(long seconds) {
    return Clock.fixed(Instant.ofEpochSecond(seconds), ZoneOffset.UTC);
  }

  static Stream<Vector> all(String kind) throws Exception {
    String folder = System.getenv().getOrDefault("DOORWARD_VECTORS", "../vectors");
    List<Vector> vectors = new ArrayList<>();
    try (Stream<Path> paths = Files.list(Path.of(folder))) {
      for (Path path : paths.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
        Map<String, Object> file = JSONObjectUtils.parse(Files.readString(path));
        list(file.get(kind)).forEach(vector -> vectors.add(new Vector(file, object(vector))));
      }
    }
    assertTrue(vectors.stream().anyMatch(Vector::valid) && !vectors.stream().allMatch(Vector::valid));
    return vectors.stream();
  }

  static Stream<Vector> signatures() throws Exception {
    return all("signature");
  }

  static Stream<Vector> assertions() throws Exception {
    return all("assertion");
  }

  static Vector good() throws Exception {
    return signatures().filter(vector -> vector.user() != null).findFirst().orElseThrow();
  }

  /** The request as a container would hand it over. */
  static HttpServletRequest request(String method, String target, List<String[]> lines) {
    String[] parts = target.split("\\?", 2);
    Map<String, Object> attributes = new HashMap<>();
    List<String> names = lines.stream().map(line -> line[0]).distinct().toList();
    return (HttpServletRequest)
        Proxy.newProxyInstance(
            VectorsTest.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (proxy, called, arguments) ->
                switch (called.getName()) {
                  case "getMethod" -> method;
                  case "getRequestURI" -> parts[0];
                  case "getQueryString" -> parts.length > 1 ? parts[1] : null;
                  case "getHeaderNames" -> Collections.enumeration(names);
                  case "getHeaders" ->
                      Collections.enumeration(
                          lines.stream().filter(line -> line[0].equals(arguments[0])).map(line -> line[1]).toList());
                  case "setAttribute" -> attributes.put((String) arguments[0], arguments[1]);
                  case "getAttribute" -> attributes.get(arguments[0]);
                  default -> throw new UnsupportedOperationException(called.getName());
                });
  }

  static HttpServletRequest request(Map<String, Object> vector) {
    Map<String, Object> asked = object(vector.get("request"));
    List<String[]> lines = new ArrayList<>();
    for (Object line : list(asked.get("headers"))) {
      byte[] value = ((String) list(line).get(1)).getBytes(StandardCharsets.UTF_8);
      lines.add(new String[] {(String) list(line).get(0), new String(value, StandardCharsets.ISO_8859_1)});
    }
    if (lines.stream().noneMatch(line -> line[0].equalsIgnoreCase("host"))) {
      lines.add(new String[] {"Host", (String) asked.get("authority")});
    }
    return request((String) asked.get("method"), (String) asked.get("target"), lines);
  }

  static SignatureVerifier signatureVerifier(Vector vector, Clock clock, Nonces nonces) {
    Map<String, byte[]> keys = new HashMap<>();
    for (String which : List.of("hmac", "hmac_next")) {
      Map<String, Object> shared = object(vector.file().getOrDefault(which, Map.of()));
      if (shared.containsKey("keyid")) {
        keys.put((String) shared.get("keyid"), HexFormat.of().parseHex((String) shared.get("hex")));
      }
    }
    return new SignatureVerifier(keys, Names.DEFAULT, nonces, clock);
  }

  interface Check<T> {
    T run(HttpServletRequest request, SignatureVerifier verifier) throws Exception;
  }

  /** Checks the vector, after the request that it repeats if it does. */
  static <T> T play(Vector vector, Check<T> check) throws Exception {
    Nonces nonces = new MemoryNonces(10);
    for (Object other : list(vector.file().get("signature"))) {
      if (object(other).get("name").equals(vector.it().get("replay_of"))) {
        Clock then = new Vector(vector.file(), object(other)).clock();
        check.run(request(object(other)), signatureVerifier(vector, then, nonces));
      }
    }
    return check.run(request(vector.it()), signatureVerifier(vector, vector.clock(), nonces));
  }

  static Identity verified(HttpServletRequest request, SignatureVerifier verifier) throws Refused {
    return verifier.verify(Asked.of(request, StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @MethodSource("signatures")
  void aSignatureIsTakenOrRefused(Vector vector) throws Exception {
    if (vector.valid()) {
      Identity identity = play(vector, VectorsTest::verified);
      assertEquals(vector.user(), identity == null ? null : identity.user());
    } else {
      assertThrows(Refused.class, () -> play(vector, VectorsTest::verified));
    }
  }

  static final HttpServletResponse NO_RESPONSE =
      (HttpServletResponse)
          Proxy.newProxyInstance(
              VectorsTest.class.getClassLoader(), new Class<?>[] {HttpServletResponse.class}, (p, m, a) -> null);

  /** What the app sees behind the filter, or null where it sees nothing. */
  static HttpServletRequest seen(DoorwardFilter filter, HttpServletRequest request) throws Exception {
    HttpServletRequest[] seen = new HttpServletRequest[1];
    FilterChain app = (passed, response) -> seen[0] = (HttpServletRequest) passed;
    filter.doFilter(request, NO_RESPONSE, app);
    return seen[0];
  }

  static void assertSees(String user, HttpServletRequest seen) {
    assertEquals(user, seen.getRemoteUser());
    assertEquals(user, seen.getHeader("Remote-User"));
    assertNull(seen.getHeader("remote_user"));
    List<String> names = Collections.list(seen.getHeaderNames()).stream().map(Names::fold).toList();
    assertEquals(user == null ? 0 : 1, Collections.frequency(names, "remote-user"));
    assertEquals(user == null ? List.of() : List.of(user), Collections.list(seen.getHeaders("REMOTE-USER")));
    assertFalse(names.contains("x-doorward-assertion"));
  }

  @ParameterizedTest
  @MethodSource("signatures")
  void theFilterKnowsTheUserOrNobody(Vector vector) throws Exception {
    assertSees(
        vector.user(), play(vector, (request, verifier) -> seen(new DoorwardFilter(verifier, null), request)));
  }

  @Test
  void requiredRefusesWhatDoesNotComeThroughDoorward() throws Exception {
    Vector vector = good();
    SignatureVerifier verifier = signatureVerifier(vector, vector.clock(), new MemoryNonces(10));
    DoorwardFilter filter =
        new DoorwardFilter(verifier, null, Names.DEFAULT, StandardCharsets.ISO_8859_1, true);
    assertNull(seen(filter, request("GET", "/", List.of(new String[] {"Host", "a"}, new String[] {"Remote-User", "a"}))));
    HttpServletRequest seen = seen(filter, request(vector.it()));
    assertSees(vector.user(), seen);
    assertFalse(seen.isUserInRole("nobody's"));
    assertNull(seen(filter, request(vector.it())), "again");
  }

  @Test
  void whatIsDispatchedAgainIsWhoItWas() throws Exception {
    Vector vector = good();
    DoorwardFilter filter =
        new DoorwardFilter(signatureVerifier(vector, vector.clock(), new MemoryNonces(10)), null);
    HttpServletRequest request = request(vector.it());
    assertSees(vector.user(), seen(filter, request));
    assertSees(vector.user(), seen(filter, request));
  }

  @Test
  void headersOfOtherNamesAreTakenOffToo() throws Exception {
    Names grafana = new Names("X-WEBAUTH-USER", "x-e", "x-n", "x-g", "x-a");
    SignatureVerifier verifier =
        new SignatureVerifier(Map.of("a", new byte[32]), grafana, new MemoryNonces(10), at(0));
    List<String[]> forged =
        Stream.of("X-Webauth-User", "x_webauth_user", "Remote-User").map(name -> new String[] {name, "root"}).toList();
    HttpServletRequest seen = seen(new DoorwardFilter(verifier, null), request("GET", "/", forged));
    assertFalse(seen.getHeaderNames().hasMoreElements());
    assertNull(seen.getHeader("x-webauth-user"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new DoorwardFilter(verifier, null, Names.DEFAULT, StandardCharsets.ISO_8859_1, false));
  }

  @Test
  void whatBreaksWhileItIsCheckedIsNobody() throws Exception {
    Nonces broken =
        (nonce, expires, now) -> {
          throw new IllegalStateException("away");
        };
    DoorwardFilter filter = new DoorwardFilter(signatureVerifier(good(), good().clock(), broken), null);
    assertSees(null, seen(filter, request(good().it())));
  }

  @Test
  void noncesAreKeptUntilTheyExpireAndNeverPushedOut() {
    Nonces nonces = new MemoryNonces(2);
    assertTrue(nonces.add("a", 60, 0) && !nonces.add("a", 60, 59));
    assertTrue(nonces.add("b", 61, 0) && !nonces.add("c", 62, 0), "full is refused");
    assertTrue(nonces.add("c", 62, 60), "there is room once one has expired");
    assertFalse(nonces.add("b", 61, 60));
  }

  @Test
  void fiftyAtOnceAreOne() throws Exception {
    Nonces nonces = new MemoryNonces(100);
    var pool = Executors.newFixedThreadPool(8);
    Callable<Boolean> add = () -> nonces.add("a", 60, 0);
    int taken = 0;
    for (var outcome : pool.invokeAll(Collections.nCopies(50, add))) {
      taken += outcome.get() ? 1 : 0;
    }
    pool.shutdown();
    assertEquals(1, taken);
  }

  static AssertionVerifier assertionVerifier(Vector vector) {
    String keys = JSONObjectUtils.toJSONString(object(vector.file().get("keys")));
    Map<String, Object> expect = object(vector.it().get("expect"));
    Object algorithm = expect.getOrDefault("alg", "EdDSA");
    return new AssertionVerifier(
        (String) expect.get("iss"),
        (String) expect.get("aud"),
        new KeySet(() -> keys, vector.clock()),
        Set.of(JWSAlgorithm.parse((String) algorithm)),
        vector.clock());
  }

  @ParameterizedTest
  @MethodSource("assertions")
  void anAssertionIsTakenOrRefused(Vector vector) throws Exception {
    AssertionVerifier verifier = assertionVerifier(vector);
    String token = (String) vector.it().get("jwt");
    if (vector.valid()) {
      Identity identity = verifier.verify(token);
      assertEquals(vector.user(), identity.user());
      assertEquals(object(vector.it().get("claims")), identity.claims());
    } else {
      assertThrows(Refused.class, () -> verifier.verify(token));
    }
  }

  @ParameterizedTest
  @MethodSource("assertions")
  void theFilterGoesByTheAssertion(Vector vector) throws Exception {
    String[] line = {"X-Doorward-Assertion", (String) vector.it().get("jwt")};
    List<String[]> lines =
        List.of(new String[] {"Remote-User", "root"}, new String[] {"remote_user", "root"}, line);
    DoorwardFilter filter = new DoorwardFilter(null, assertionVerifier(vector));
    assertSees(vector.user(), seen(filter, request("GET", "/", lines)));
    assertSees(null, seen(filter, request("GET", "/", List.of(line, line))));
  }

  @Test
  void oneProofOfTwoIsNone() throws Exception {
    SignatureVerifier verifier = signatureVerifier(good(), good().clock(), new MemoryNonces(10));
    AssertionVerifier assertion = assertionVerifier(assertions().filter(Vector::valid).findFirst().orElseThrow());
    assertSees(null, seen(new DoorwardFilter(verifier, assertion), request(good().it())));
  }

  @Test
  void keysAreFetchedWithMeasure() throws Exception {
    String text = JSONObjectUtils.toJSONString(object(good().file().get("keys")));
    String known = KeySet.parse(text).keySet().iterator().next();
    JWSAlgorithm algorithm = JWSAlgorithm.parse(known.split(" ")[0]);
    AtomicInteger calls = new AtomicInteger();
    AtomicLong now = new AtomicLong(1_000_000);
    boolean[] away = {false};
    InstantSource time = () -> Instant.ofEpochSecond(now.get());
    KeySet keys =
        new KeySet(
            () -> {
              calls.incrementAndGet();
              if (away[0]) {
                throw new IOException("away");
              }
              return text;
            },
            time.withZone(ZoneOffset.UTC));
    Callable<Object> get = () -> keys.get(known.split(" ")[1], algorithm);
    get.call();
    for (int second = 0; second < 180; second++) {
      assertThrows(Refused.class, () -> keys.get("unknown", algorithm));
      now.incrementAndGet();
    }
    assertEquals(3, calls.get());
    now.addAndGet(241);
    away[0] = true;
    for (int i = 0; i < 10; i++) {
      get.call();
    }
    assertEquals(4, calls.get(), "a server that is away is left in peace");
    now.addAndGet(900);
    assertThrows(Refused.class, get::call);
    now.addAndGet(6);
    away[0] = false;
    get.call();
  }

  @Test
  void keysComeOverHttpsFromWhereTheyShould() throws Exception {
    for (String address : List.of("http://login.example.com/", "file:///etc/passwd", "http://localhost.evil.example/")) {
      assertThrows(IllegalArgumentException.class, () -> new KeySet(URI.create(address)), address);
    }
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = new byte[exchange.getRequestURI().getPath().equals("/large") ? 70_000 : 2];
          exchange.getResponseHeaders().set("Location", "/keys");
          exchange.sendResponseHeaders(exchange.getRequestURI().getPath().equals("/moved") ? 302 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    String origin = "http://127.0.0.1:" + server.getAddress().getPort();
    assertEquals(2, KeySet.fetch(URI.create(origin + "/keys")).length());
    for (String path : List.of("/moved", "/large")) {
      assertThrows(IOException.class, () -> KeySet.fetch(URI.create(origin + path)), path);
    }
    server.stop(0);
  }

  @Test
  void aSymmetricKeyIsNoKey() throws Exception {
    assertEquals(Map.of(), KeySet.parse("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"a\",\"alg\":\"HS256\"}]}"));
    KeySet keys = new KeySet(() -> "", at(0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new AssertionVerifier("a", "b", keys, Set.of(JWSAlgorithm.HS256), at(0)));
  }
}
