package doorward;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.Ed25519Verifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import java.text.ParseException;
import java.time.Clock;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks the assertion (JWT). */
public final class AssertionVerifier {
  private static final Set<JWSAlgorithm> DOORWARDS = Set.of(JWSAlgorithm.EdDSA, JWSAlgorithm.ES256);
  private static final Set<String> REQUIRED = Set.of("iss", "aud", "sub", "iat", "nbf", "exp");
  private static final int SKEW = 30;

  private final String audience;
  private final KeySet keys;
  private final Set<JWSAlgorithm> algorithms;
  private final Clock clock;
  private final DefaultJWTClaimsVerifier<SecurityContext> claimsVerifier;

  /** {@code issuer} is the portal's origin, {@code audience} this site's: {@code https://wiki.example.com}. */
  public AssertionVerifier(String issuer, String audience, KeySet keys) {
    this(issuer, audience, keys, Set.of(JWSAlgorithm.EdDSA), Clock.systemUTC());
  }

  public AssertionVerifier(String issuer, String audience, KeySet keys, Set<JWSAlgorithm> algorithms, Clock clock) {
    if (algorithms.isEmpty() || !DOORWARDS.containsAll(algorithms)) {
      throw new IllegalArgumentException("doorward signs with EdDSA or ES256");
    }
    this.audience = audience;
    this.keys = keys;
    this.algorithms = Set.copyOf(algorithms);
    this.clock = clock;
    JWTClaimsSet exact = new JWTClaimsSet.Builder().issuer(issuer).build();
    this.claimsVerifier =
        new DefaultJWTClaimsVerifier<>(audience, exact, REQUIRED) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        };
    this.claimsVerifier.setMaxClockSkew(SKEW);
  }

  /** The one who asks. */
  Identity verify(String token) throws Refused {
    if (token.length() > 8192) {
      throw new Refused("the assertion is too long");
    }
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      if (!jwt.verify(verifier(jwt.getHeader()))) {
        throw new Refused("the assertion is not signed by doorward");
      }
      claimsVerifier.verify(jwt.getJWTClaimsSet(), null);
      return asserted(jwt.getPayload().toJSONObject(), jwt.getJWTClaimsSet());
    } catch (ParseException | JOSEException | BadJWTException error) {
      throw new Refused("the assertion is not good: " + error.getMessage());
    }
  }

  private JWSVerifier verifier(JWSHeader header) throws Refused, JOSEException {
    boolean isPlain = JOSEObjectType.JWT.equals(header.getType()) && header.getCriticalParams() == null;
    if (!algorithms.contains(header.getAlgorithm()) || !isPlain || header.getKeyID() == null) {
      throw new Refused("the assertion is not of the form that doorward makes");
    }
    JWK key = keys.get(header.getKeyID(), header.getAlgorithm());
    return key instanceof OctetKeyPair pair ? new Ed25519Verifier(pair) : new ECDSAVerifier((ECKey) key);
  }

  private Identity asserted(Map<String, Object> claims, JWTClaimsSet read) throws Refused, ParseException {
    boolean isEarly = read.getIssueTime().toInstant().isAfter(clock.instant().plusSeconds(SKEW));
    if (isEarly || !audience.equals(claims.get("aud"))) {
      throw new Refused("the assertion is of a time to come, or for several");
    }
    String user = line(read.getStringClaim("preferred_username"));
    String subject = line(read.getSubject());
    if (user == null || user.isEmpty() || subject == null || subject.isEmpty()) {
      throw new Refused("the assertion does not say who is asking");
    }
    List<String> groups = read.getStringListClaim("groups");
    for (String group : groups == null ? List.<String>of() : groups) {
      line(group);
    }
    return new Identity(
        user,
        line(read.getStringClaim("email")),
        line(read.getStringClaim("name")),
        groups == null ? List.of() : List.copyOf(groups),
        subject,
        claims);
  }

  private static String line(String text) throws Refused {
    if (text != null && text.chars().anyMatch(Character::isISOControl)) {
      throw new Refused("the assertion does not say who is asking");
    }
    return text;
  }
}
