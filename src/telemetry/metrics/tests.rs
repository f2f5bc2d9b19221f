use super::*;

#[test]
fn what_is_recorded_is_rendered_under_the_designs_names() {
    let metrics = Metrics::build().unwrap();
    let site = metrics.site("wiki.example.com");
    let request = RequestSummary {
        decision: DecisionLabel::Forward,
        status: 204,
        total: Duration::from_millis(3),
        gateway: Duration::from_micros(12),
        upstream: Some(Duration::from_millis(2)),
    };
    site.record(&request);
    metrics.site("wiki.example.com").record(&request);
    site.record(&RequestSummary { status: 0, upstream: None, ..request });
    metrics.signin(SigninStep::Password, SigninResult::Accepted);
    metrics.code(Purpose::SignIn, CodeEvent::Issued);
    metrics.device(DeviceEvent::Added);
    metrics.captcha(CaptchaPlace::Registration, CaptchaResult::Passed);
    metrics.mail(MailResult::Delivered);
    metrics.mail_delivered_after(Duration::from_millis(700));
    metrics.set_mail_queue(2);
    metrics.limit("sign_in");
    metrics.reported("wiki.example.com", 2, DecisionLabel::Forbidden);
    metrics.security_event(SecurityEvent::HeaderAlias);
    metrics.password_hashed_in(Duration::from_millis(20));
    metrics.configured(None, 1000);
    metrics.configured(Some(ReloadResult::Applied), 2000);
    metrics.configured(Some(ReloadResult::NeedsRestart), 3000);
    metrics.certificate_ordered(OrderResult::Issued);
    metrics.set_sessions(7);
    metrics.set_upstream_up("wiki.example.com", "http://10.0.0.1:80", 2);
    metrics.upstream_failed("wiki.example.com", "http://10.0.0.1:80", UpstreamFailure::Tls);
    metrics.upstream_retried("wiki.example.com");
    metrics.store_took("flow", "redeem_code", Duration::from_micros(90));
    metrics.store_answers("accounts", false);

    let text = metrics.render();
    for line in [
        r#"doorward_http_requests_total{decision="forward",site="wiki.example.com",status_class="2xx"} 2"#,
        r#"doorward_http_requests_total{decision="forward",site="wiki.example.com",status_class="none"} 1"#,
        r#"doorward_http_request_seconds_count{site="wiki.example.com"} 3"#,
        r#"doorward_gateway_seconds_bucket{site="wiki.example.com",le="0.000025"} 3"#,
        r#"doorward_upstream_seconds_count{site="wiki.example.com"} 2"#,
        r#"doorward_signins_total{result="accepted",step="password"} 1"#,
        r#"doorward_codes_total{event="issued",purpose="sign_in"} 1"#,
        r#"doorward_trusted_devices_total{event="added"} 1"#,
        r#"doorward_captchas_total{place="registration",result="passed"} 1"#,
        r#"doorward_mails_total{result="delivered"} 1"#,
        "doorward_mail_delivery_seconds_count 1",
        "doorward_mail_queue 2",
        r#"doorward_limits_total{limit="sign_in"} 1"#,
        r#"doorward_report_only_total{decision="forbidden",rule="2",site="wiki.example.com"} 1"#,
        r#"doorward_security_events_total{event="header_alias"} 1"#,
        r#"doorward_config_reloads_total{result="applied"} 1"#,
        r#"doorward_config_reloads_total{result="needs_restart"} 1"#,
        "doorward_config_last_reload_successful 0",
        "doorward_config_last_reload_success_timestamp_seconds 2000",
        r#"doorward_acme_orders_total{result="issued"} 1"#,
        "doorward_password_hash_seconds_count 1",
        "doorward_password_hash_queue 0",
        "doorward_sessions 7",
        r#"doorward_upstream_up{site="wiki.example.com",upstream="http://10.0.0.1:80"} 2"#,
        r#"doorward_upstream_failures_total{reason="tls",site="wiki.example.com",upstream="http://10.0.0.1:80"} 1"#,
        r#"doorward_upstream_retries_total{site="wiki.example.com"} 1"#,
        r#"doorward_store_seconds_count{op="redeem_code",store="flow"} 1"#,
        r#"doorward_store_up{store="accounts"} 0"#,
        concat!(r#"doorward_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    if cfg!(target_os = "linux") {
        assert!(text.contains("process_resident_memory_bytes"));
    }
}

#[test]
fn a_waiting_password_leaves_the_queue_when_it_is_dropped() {
    let metrics = Metrics::build().unwrap();
    let waiting = metrics.password_waits();
    assert!(metrics.render().contains("doorward_password_hash_queue 1"));
    drop(waiting);
    assert!(metrics.render().contains("doorward_password_hash_queue 0"));
}

#[test]
fn the_processes_metrics_can_be_built() {
    assert!(render().contains("doorward_build_info"));
}
