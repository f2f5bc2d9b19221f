// What a form shows so that no program sends it. A sum is done while the form is filled in; without this file the form can
// be sent after a wait. A press on the button that comes too early is kept, and the form is sent once it may be.
(() => {
  "use strict";

  const came = Date.now();

  // Keeps presses until `ready` is called; `then` is told of each.
  const gate = (form, then) => {
    let isReady = false;
    let pressed = null;
    form.addEventListener("submit", (event) => {
      if (isReady) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      pressed = event.submitter ?? form.querySelector("button[type=submit]");
      then();
    }, true);
    return () => {
      isReady = true;
      // A form sends nothing while it still tells of the press that was kept.
      if (pressed) window.setTimeout(() => form.requestSubmit(pressed));
    };
  };

  const speaker = (box) => {
    const said = box.querySelector("[role=status]");
    return (words) => { if (said.textContent !== words) said.textContent = words; };
  };

  const work = (box) => {
    const { salt, target, hashes, seconds, working, worked, held, waiting } = box.dataset;
    const form = box.closest("form");
    const answer = form.elements["captcha_answer"];
    const bar = box.querySelector("progress");
    const say = speaker(box);
    const ready = gate(form, () => say(held));
    let isDone = false;
    const done = (words) => {
      if (isDone) return;
      isDone = true;
      bar.hidden = true;
      say(words);
      ready();
    };
    // What no worker can do, waiting does: a sum is an offer.
    const wait = () => {
      if (isDone) return;
      bar.hidden = true;
      say(waiting);
      window.setTimeout(() => done(worked), Math.max(0, Number(seconds) * 1000 - (Date.now() - came)) + 500);
    };
    let worker;
    try {
      worker = new Worker(box.dataset.work);
    } catch {
      wait();
      return;
    }
    box.querySelector(".hint[hidden]").hidden = false;
    bar.hidden = false;
    say(working);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      wait();
    });
    worker.addEventListener("message", ({ data: { tried, found } }) => {
      if (tried !== undefined) {
        bar.value = tried;
        return;
      }
      worker.terminate();
      if (found === null) {
        wait();
        return;
      }
      answer.value = String(found);
      done(worked);
    });
    worker.postMessage({ salt, target, hashes: Number(hashes) });
  };

  // reCAPTCHA v3 makes a token at the moment of sending, and puts it nowhere. The others fill a field of the form.
  const score = (box) => {
    const { key, for: action, held, away } = box.dataset;
    const form = box.closest("form");
    const say = speaker(box);
    const failed = () => say(away);
    const ready = gate(form, () => {
      say(held);
      const recaptcha = window.grecaptcha;
      if (!recaptcha) {
        failed();
        return;
      }
      recaptcha.ready(() => {
        recaptcha.execute(key, { action }).then((token) => {
          form.elements["captcha_token"].value = token;
          ready();
        }, failed);
      });
    });
  };

  document.querySelectorAll("[data-work]").forEach(work);
  document.querySelectorAll('[data-provider="recaptcha_v3"]').forEach(score);
})();
