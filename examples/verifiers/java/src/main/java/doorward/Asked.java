package doorward;

import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A request as the app got it: {@code target} is path and query, not decoded; the values are Latin-1 of their bytes. */
record Asked(String method, String target, List<Line> headers) {

  record Line(String name, String value) {}

  /** {@code charset} is that by which the container has decoded the headers. */
  static Asked of(HttpServletRequest request, Charset charset) {
    List<Line> headers = new ArrayList<>();
    for (String name : Collections.list(request.getHeaderNames())) {
      for (String value : Collections.list(request.getHeaders(name))) {
        headers.add(new Line(name, new String(value.getBytes(charset), StandardCharsets.ISO_8859_1)));
      }
    }
    String query = request.getQueryString();
    String target = request.getRequestURI() + (query == null ? "" : "?" + query);
    return new Asked(request.getMethod(), target, headers);
  }

  /** Every line whose name could be taken for {@code header}. */
  List<Line> lines(String header) {
    String wanted = Names.fold(header);
    return headers.stream().filter(line -> Names.fold(line.name()).equals(wanted)).toList();
  }

  /** The value of a header that is there once, by its own name. */
  String single(String header) throws Refused {
    List<Line> lines = lines(header);
    if (lines.size() != 1 || !lines.get(0).name().equalsIgnoreCase(header)) {
      throw new Refused("there is not exactly one " + header);
    }
    return lines.get(0).value().replaceAll("^[ \\t]+|[ \\t]+$", "");
  }
}
