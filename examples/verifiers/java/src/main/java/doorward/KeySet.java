package doorward;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * doorward's public keys, from {@code https://…/_doorward/jwks.json}: fetched when first needed, kept for five minutes,
 * and asked for again because of an unknown key once a minute at most.
 */
public final class KeySet {
  private static final System.Logger LOG = System.getLogger("doorward");
  private static final Duration REFRESH = Duration.ofMinutes(5);
  private static final Duration KEEP = Duration.ofMinutes(15);
  private static final Duration PAUSE = Duration.ofMinutes(1);
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(5);
  private static final Pattern LOOPBACK = Pattern.compile("localhost|.*\\.localhost|127\\.0\\.0\\.1|\\[::1\\]");

  /** Gives the text of the key set. */
  interface Source {
    String fetch() throws IOException;
  }

  private final Source source;
  private final Clock clock;
  private Map<String, JWK> keys = Map.of();
  private Instant fetched = Instant.EPOCH;
  private Instant notBefore = Instant.EPOCH;

  public KeySet(URI address) {
    this(() -> fetch(address), Clock.systemUTC());
    String host = String.valueOf(address.getHost());
    boolean isLocal = "http".equals(address.getScheme()) && LOOPBACK.matcher(host).matches();
    if (!"https".equals(address.getScheme()) && !isLocal) {
      throw new IllegalArgumentException("keys are fetched over https");
    }
  }

  KeySet(Source source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  /** The key of this name for this algorithm and no other. */
  synchronized JWK get(String kid, JWSAlgorithm algorithm) throws Refused {
    Instant now = clock.instant();
    String name = algorithm + " " + kid;
    boolean isDue = !keys.containsKey(name) || !now.isBefore(fetched.plus(REFRESH));
    if (isDue && !now.isBefore(notBefore)) {
      refresh(now);
    }
    if (!now.isBefore(fetched.plus(KEEP))) {
      throw new Refused("the keys cannot be fetched");
    }
    JWK key = keys.get(name);
    if (key == null) {
      throw new Refused("the assertion is made with another key");
    }
    return key;
  }

  private void refresh(Instant now) {
    notBefore = now.plus(PAUSE_AFTER_FAILURE);
    try {
      keys = parse(source.fetch());
    } catch (IOException | ParseException | RuntimeException error) {
      LOG.log(System.Logger.Level.WARNING, "doorward''s keys cannot be fetched: {0}", error.toString());
      return;
    }
    fetched = now;
    notBefore = now.plus(PAUSE);
  }

  /** In five seconds a step, 64 KiB at most, and from there alone. */
  static String fetch(URI address) throws IOException {
    var retriever =
        new DefaultResourceRetriever(5_000, 5_000, 65_536) {
          @Override
          protected HttpURLConnection openHTTPConnection(URL url) throws IOException {
            HttpURLConnection connection = super.openHTTPConnection(url);
            connection.setInstanceFollowRedirects(false);
            return connection;
          }
        };
    return retriever.retrieveResource(address.toURL()).getContent();
  }

  /** The keys by algorithm and name: Ed25519 for EdDSA, P-256 for ES256, and nothing else. */
  static Map<String, JWK> parse(String text) throws ParseException {
    Map<String, JWK> keys = new HashMap<>();
    for (JWK key : JWKSet.parse(text).getKeys()) {
      JWSAlgorithm algorithm = algorithmOf(key);
      boolean isForSigning = key.getKeyUse() == null || KeyUse.SIGNATURE.equals(key.getKeyUse());
      boolean agrees = key.getAlgorithm() == null || key.getAlgorithm().equals(algorithm);
      if (algorithm == null || !isForSigning || !agrees || key.getKeyID() == null) {
        continue;
      }
      if (keys.put(algorithm + " " + key.getKeyID(), key.toPublicJWK()) != null) {
        throw new ParseException("two keys have one name", 0);
      }
    }
    return Map.copyOf(keys);
  }

  private static JWSAlgorithm algorithmOf(JWK key) {
    if (key instanceof OctetKeyPair pair && Curve.Ed25519.equals(pair.getCurve())) {
      return JWSAlgorithm.EdDSA;
    }
    if (key instanceof ECKey point && Curve.P_256.equals(point.getCurve())) {
      return JWSAlgorithm.ES256;
    }
    return null;
  }
}
