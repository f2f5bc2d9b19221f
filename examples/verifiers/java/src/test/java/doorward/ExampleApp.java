package doorward;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

/** An app behind doorward, in Tomcat: says who is asking. {@code java doorward.ExampleApp PORT KEYID KEY} */
public final class ExampleApp {
  private ExampleApp() {}

  public static void main(String[] arguments) throws Exception {
    var signature = new SignatureVerifier(Map.of(arguments[1], HexFormat.of().parseHex(arguments[2])));
    var tomcat = new Tomcat();
    tomcat.setBaseDir(Files.createTempDirectory("example").toString());
    tomcat.getConnector().setPort(Integer.parseInt(arguments[0]));
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "app", new App());
    context.addServletMappingDecoded("/", "app");
    // What a web application does by ServletContext.addFilter.
    context.addServletContainerInitializer(
        (classes, servlets) ->
            servlets
                .addFilter("doorward", new DoorwardFilter(signature, null))
                .addMappingForUrlPatterns(EnumSet.allOf(DispatcherType.class), false, "/*"),
        null);
    tomcat.start();
    tomcat.getServer().await();
  }

  private static final class App extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
      response.setContentType("text/plain; charset=utf-8");
      String header = request.getHeader("Remote-User");
      response.getWriter().printf("user=%s header=%s\n", or(request.getRemoteUser()), or(header));
    }

    private static String or(String text) {
      return text == null ? "" : text;
    }
  }
}
