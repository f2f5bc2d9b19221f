package doorward;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Checks the signature over a request (RFC 9421). */
public final class SignatureVerifier {
  // Exactly what doorward writes: one signature, its own label, the four parts of the request, then identity headers.
  private static final Pattern INPUT =
      Pattern.compile(
          "doorward=(\\(\"@method\" \"@authority\" \"@path\" \"@query\""
              + "((?: \"[a-z0-9!#$%&'*+.^_`|~-]+\"(?:;bs)?)*)\\)"
              + ";created=([0-9]{1,11});expires=([0-9]{1,11});nonce=\"([A-Za-z0-9_-]{22})\""
              + ";alg=\"hmac-sha256\";keyid=\"([A-Za-z0-9._~-]{1,64})\")");
  private static final Pattern SIGNATURE = Pattern.compile("doorward=:([A-Za-z0-9+/]{43}=):");
  private static final Pattern FIELD = Pattern.compile("\"([^\"]+)\"(;bs)?");
  private static final Pattern VISIBLE = Pattern.compile("[!-~]+");
  private static final Pattern PLAIN = Pattern.compile("[\\t -~]*");
  private static final long LONGEST_LIFE = 300;
  private static final long SKEW = 30;

  private final Map<String, byte[]> keys;
  private final Names names;
  private final Nonces nonces;
  private final Clock clock;

  /**
   * For an app that is one process, whose site has the usual names. {@code keys} are those of the site by their keyid,
   * decoded from hexadecimal; while they are rotated there are two ({@code doorward keys list --reveal}).
   */
  public SignatureVerifier(Map<String, byte[]> keys) {
    this(keys, Names.DEFAULT, new MemoryNonces(100_000), Clock.systemUTC());
  }

  public SignatureVerifier(Map<String, byte[]> keys, Names names, Nonces nonces, Clock clock) {
    if (keys.isEmpty() || keys.values().stream().anyMatch(key -> key.length < 32)) {
      throw new IllegalArgumentException("a key of doorward has 32 bytes: decode it from hexadecimal");
    }
    this.keys = Map.copyOf(keys);
    this.names = names;
    this.nonces = nonces;
    this.clock = clock;
  }

  /** The headers over which it is. */
  Names names() {
    return names;
  }

  private record Field(String name, boolean binary, String value) {}

  /** The one who asks, or null where doorward says that nobody is signed in. */
  Identity verify(Asked request) throws Refused {
    Matcher input = INPUT.matcher(request.single("signature-input"));
    Matcher carried = SIGNATURE.matcher(request.single("signature"));
    if (!input.matches() || !carried.matches()) {
      throw new Refused("the signature is not of the form that doorward makes");
    }
    byte[] key = keys.get(input.group(6));
    if (key == null) {
      throw new Refused("the signature is made with another key");
    }
    long expires = Long.parseLong(input.group(4));
    checkTime(Long.parseLong(input.group(3)), expires);
    List<Field> covered = covered(request, input.group(2));
    byte[] wanted = mac(key, base(request, covered, input.group(1)));
    if (!MessageDigest.isEqual(wanted, decoded(carried.group(1)))) {
      throw new Refused("the signature does not fit the request");
    }
    // Last, so that only doorward's own nonces take room.
    if (!nonces.add(input.group(6) + " " + input.group(5), expires, now())) {
      throw new Refused("the request is a repetition");
    }
    return identity(covered);
  }

  private long now() {
    return clock.instant().getEpochSecond();
  }

  private void checkTime(long created, long expires) throws Refused {
    if (created > now() + SKEW) {
      throw new Refused("the signature is of a time to come");
    }
    if (now() >= expires || expires <= created || expires - created > LONGEST_LIFE) {
      throw new Refused("the signature has expired");
    }
  }

  /** The identity headers with their values: all that are there are covered, and each is there once. */
  private List<Field> covered(Asked request, String listed) throws Refused {
    List<Field> covered = new ArrayList<>();
    for (Matcher field = FIELD.matcher(listed); field.find(); ) {
      covered.add(new Field(field.group(1), field.group(2) != null, ""));
    }
    List<String> present =
        request.headers().stream().map(Asked.Line::name).filter(names::isIdentity).map(Names::fold).sorted().toList();
    if (!present.equals(covered.stream().map(field -> Names.fold(field.name())).sorted().toList())) {
      throw new Refused("the signature does not cover the identity headers that are there, each once");
    }
    List<Field> found = new ArrayList<>();
    for (Field field : covered) {
      String value = request.single(field.name());
      if (field.binary() == PLAIN.matcher(value).matches()) {
        throw new Refused("a header is not covered in the form that doorward makes");
      }
      found.add(new Field(field.name(), field.binary(), value));
    }
    return found;
  }

  /** What is signed (RFC 9421 section 2.5). */
  private static String base(Asked request, List<Field> covered, String params) throws Refused {
    String target = request.target();
    int mark = target.indexOf('?');
    Map<String, String> derived = new LinkedHashMap<>();
    derived.put("@method", request.method());
    derived.put("@authority", request.single("host").toLowerCase(Locale.ROOT));
    derived.put("@path", mark < 0 ? target : target.substring(0, mark));
    derived.put("@query", mark < 0 ? "?" : target.substring(mark));
    // A line feed in one of them would begin a line of the client's own.
    if (!target.startsWith("/") || !derived.values().stream().allMatch(value -> VISIBLE.matcher(value).matches())) {
      throw new Refused("the request line cannot have been signed");
    }
    StringBuilder base = new StringBuilder();
    derived.forEach((name, value) -> base.append('"').append(name).append("\": ").append(value).append('\n'));
    for (Field field : covered) {
      base.append('"').append(field.name()).append(field.binary() ? "\";bs: " : "\": ");
      base.append(field.binary() ? ":" + Base64.getEncoder().encodeToString(latin1(field.value())) + ":" : field.value());
      base.append('\n');
    }
    return base.append("\"@signature-params\": ").append(params).toString();
  }

  private static byte[] mac(byte[] key, String base) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(latin1(base));
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException("every Java platform has HmacSHA256", error);
    }
  }

  private static byte[] decoded(String signature) throws Refused {
    try {
      return Base64.getDecoder().decode(signature);
    } catch (IllegalArgumentException error) {
      throw new Refused("the signature is not base64");
    }
  }

  private Identity identity(List<Field> covered) throws Refused {
    String user = text(covered, names.user());
    if (user == null) {
      if (!covered.isEmpty()) {
        throw new Refused("there is an identity without a user");
      }
      return null;
    }
    String listed = text(covered, names.groups());
    List<String> groups =
        listed == null ? List.of() : Arrays.stream(listed.split(",")).filter(group -> !group.isEmpty()).toList();
    return new Identity(user, text(covered, names.email()), text(covered, names.name()), groups, null, Map.of());
  }

  private static String text(List<Field> covered, String name) throws Refused {
    for (Field field : covered) {
      if (field.name().equals(name) && !field.value().isEmpty()) {
        try {
          return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(latin1(field.value()))).toString();
        } catch (CharacterCodingException error) {
          throw new Refused("an identity header is not UTF-8");
        }
      }
    }
    return null;
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
