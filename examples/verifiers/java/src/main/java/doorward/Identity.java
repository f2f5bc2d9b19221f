package doorward;

import java.util.List;
import java.util.Map;

/**
 * Who is asking. E-mail address and name may be null; the subject, which stays when the user is renamed, and the claims
 * are known from an assertion alone.
 */
public record Identity(
    String user, String email, String name, List<String> groups, String subject, Map<String, Object> claims) {}
