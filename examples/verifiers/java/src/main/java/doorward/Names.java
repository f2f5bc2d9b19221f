package doorward;

import java.util.List;
import java.util.Locale;

/** The headers that carry the identity, as {@code headers:} of the site has them in doorward's configuration. */
public record Names(String user, String email, String name, String groups, String assertion) {

  /** Those of a site that says nothing of them. */
  public static final Names DEFAULT =
      new Names("remote-user", "remote-email", "remote-name", "remote-groups", "x-doorward-assertion");

  public Names {
    user = user.toLowerCase(Locale.ROOT);
    email = email.toLowerCase(Locale.ROOT);
    name = name.toLowerCase(Locale.ROOT);
    groups = groups.toLowerCase(Locale.ROOT);
    assertion = assertion.toLowerCase(Locale.ROOT);
  }

  /** Whether an app could take this header for one of doorward's. */
  boolean isIdentity(String header) {
    String folded = fold(header);
    return folded.startsWith("x-doorward-") || isNamed(folded) || DEFAULT.isNamed(folded);
  }

  private boolean isNamed(String folded) {
    return List.of(user, email, name, groups, assertion).stream().anyMatch(known -> fold(known).equals(folded));
  }

  /** The header's name as CGI would fold it: letters and digits alone. */
  static String fold(String header) {
    return header.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "-");
  }
}
