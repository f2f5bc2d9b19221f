package doorward;

/** What the request carries proves nothing. The message says why, for the log. */
public final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  Refused(String why) {
    super(why);
  }
}
