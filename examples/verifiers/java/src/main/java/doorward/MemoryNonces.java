package doorward;

import java.util.HashMap;
import java.util.Map;

/** For an app that is one process. Full means refused, so that nobody can push out what is still good. */
public final class MemoryNonces implements Nonces {
  private final Map<String, Long> expiries = new HashMap<>();
  private final int limit;
  private long purged = Long.MIN_VALUE;

  public MemoryNonces(int limit) {
    this.limit = limit;
  }

  @Override
  public synchronized boolean add(String nonce, long expires, long now) {
    if (now != purged) {
      purged = now;
      expiries.values().removeIf(until -> until <= now);
    }
    if (expiries.size() >= limit) {
      return false;
    }
    return expiries.putIfAbsent(nonce, expires) == null;
  }
}
