package doorward;

/** Remembers what was used. Processes that serve one app must share it, or each can be told a thing once. */
public interface Nonces {
  /** Keeps {@code nonce} until it expires. False if it is there already, or there is no room: one atomic step. */
  boolean add(String nonce, long expires, long now);
}
