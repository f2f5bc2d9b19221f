package doorward;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Checks who doorward says is asking, so that nobody who reaches this app another way can say it too.
 *
 * <p>It takes every identity header off the request, by every spelling that a server could fold to it, and puts back those
 * that are proven. The app then finds the user by {@code getRemoteUser()}, {@code isUserInRole(group)}, the attribute
 * {@link #IDENTITY} and in the identity headers. Whatever cannot be proven is nobody: no check that fails, or could not run,
 * lets anybody in. With a signature and an assertion, both must hold, and name the same user.
 *
 * <p>Map it to all addresses and all kinds of dispatch, before every other filter.
 */
public final class DoorwardFilter extends HttpFilter {
  private static final long serialVersionUID = 1;

  /** The attribute of the request that is the {@link Identity}. */
  public static final String IDENTITY = "doorward.identity";

  private static final String OUTCOME = DoorwardFilter.class.getName() + ".outcome";
  private static final System.Logger LOG = System.getLogger("doorward");

  private final transient SignatureVerifier signature;
  private final transient AssertionVerifier assertion;
  private final transient Names names;
  private final transient Charset charset;
  private final boolean required;

  /** For the names of the signature, or the usual ones. One of the verifiers may be null. */
  public DoorwardFilter(SignatureVerifier signature, AssertionVerifier assertion) {
    this(
        signature,
        assertion,
        signature == null ? Names.DEFAULT : signature.names(),
        StandardCharsets.ISO_8859_1,
        false);
  }

  /**
   * {@code charset} is that by which the container decodes headers: Latin-1 for most. {@code required} answers 403 to
   * whatever does not come through doorward; otherwise that is nobody's, and the app decides.
   */
  public DoorwardFilter(
      SignatureVerifier signature, AssertionVerifier assertion, Names names, Charset charset, boolean required) {
    if (signature == null && assertion == null) {
      throw new IllegalArgumentException("give a signature, an assertion or both");
    }
    if (signature != null && !signature.names().equals(names)) {
      throw new IllegalArgumentException("the signature is checked over headers of other names");
    }
    this.signature = signature;
    this.assertion = assertion;
    this.names = names;
    this.charset = charset;
    this.required = required;
  }

  @Override
  public void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    // A request is checked once: what is dispatched again, to an error page say, would be a repetition.
    Outcome outcome =
        request.getAttribute(OUTCOME) instanceof Outcome before ? before : outcome(Asked.of(request, charset));
    request.setAttribute(OUTCOME, outcome);
    if (required && !outcome.through()) {
      response.sendError(HttpServletResponse.SC_FORBIDDEN, "This app is reached through its front door alone.");
      return;
    }
    request.setAttribute(IDENTITY, outcome.identity());
    chain.doFilter(new Proven(request, outcome.identity()), response);
  }

  /** Whether the request comes through doorward, and who asks. */
  private record Outcome(boolean through, Identity identity) {}

  private Outcome outcome(Asked request) {
    try {
      return check(request);
    } catch (Refused refused) {
      LOG.log(System.Logger.Level.INFO, "a request proves nobody: {0}", refused.getMessage());
    } catch (RuntimeException error) {
      LOG.log(System.Logger.Level.ERROR, "a request could not be checked", error);
    }
    return new Outcome(false, null);
  }

  private Outcome check(Asked request) throws Refused {
    Identity signed = signature == null ? null : signature.verify(request);
    if (assertion == null) {
      return new Outcome(true, signed);
    }
    if (request.lines(names.assertion()).isEmpty()) {
      if (signed != null) {
        throw new Refused("there is no assertion");
      }
      return new Outcome(signature != null, null);
    }
    Identity asserted = assertion.verify(request.single(names.assertion()));
    if (signature != null && (signed == null || !signed.user().equals(asserted.user()))) {
      throw new Refused("signature and assertion name different users");
    }
    return new Outcome(true, asserted);
  }

  /** The request with the identity headers that are proven, and no others. */
  private final class Proven extends HttpServletRequestWrapper {
    private final Identity identity;
    private final Map<String, String> headers = new LinkedHashMap<>();

    Proven(HttpServletRequest request, Identity identity) {
      super(request);
      this.identity = identity;
      if (identity != null) {
        put(names.user(), identity.user());
        put(names.email(), identity.email());
        put(names.name(), identity.name());
        put(names.groups(), String.join(",", identity.groups()));
      }
    }

    private void put(String name, String value) {
      if (value != null && !value.isEmpty()) {
        headers.put(name, value);
      }
    }

    @Override
    public String getHeader(String name) {
      return names.isIdentity(name) ? headers.get(name.toLowerCase(Locale.ROOT)) : super.getHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      if (!names.isIdentity(name)) {
        return super.getHeaders(name);
      }
      String value = getHeader(name);
      return Collections.enumeration(value == null ? List.of() : List.of(value));
    }

    @Override
    public Enumeration<String> getHeaderNames() {
      List<String> kept = Collections.list(super.getHeaderNames());
      kept.removeIf(names::isIdentity);
      kept.addAll(headers.keySet());
      return Collections.enumeration(kept);
    }

    @Override
    public int getIntHeader(String name) {
      return names.isIdentity(name) ? -1 : super.getIntHeader(name);
    }

    @Override
    public long getDateHeader(String name) {
      return names.isIdentity(name) ? -1 : super.getDateHeader(name);
    }

    @Override
    public String getRemoteUser() {
      return identity == null ? null : identity.user();
    }

    @Override
    public Principal getUserPrincipal() {
      return identity == null ? null : identity::user;
    }

    @Override
    public String getAuthType() {
      return identity == null ? null : "doorward";
    }

    @Override
    public boolean isUserInRole(String role) {
      return identity != null && identity.groups().contains(role);
    }
  }
}
