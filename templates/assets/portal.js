// Comfort for the sign-in pages. Every page works without this file, and nothing here submits a form.
(() => {
  "use strict";

  // Time is counted from the moment this page came, so a wrong clock in this device does no harm.
  const came = Date.now();
  const elapsed = () => (Date.now() - came) / 1000;
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  // Times in the language of the page, as they are written where the reader is.
  const language = document.documentElement.lang;
  const spoken = (tag) => tag.split("-")[0];
  const locale = navigator.languages.find((tag) => spoken(tag) === spoken(language)) || language;

  // The server writes UTC; the reader gets the time on the wall.
  const localTimes = () => {
    for (const element of all("time[datetime]")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const form = { timeStyle: "short" };
      if ("date" in element.dataset) form.dateStyle = "long";
      element.textContent = new Intl.DateTimeFormat(locale, form).format(at);
    }
  };

  const digits = (seconds) => {
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    return (hours ? `${hours}:${two(minutes)}` : String(minutes)) + ":" + two(seconds % 60);
  };

  const disable = (button, on) => {
    if (on) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  };

  // What changes while the page is open: countdowns, the button that has to wait, what is said at its time.
  let timer = 0;
  const tick = () => {
    window.clearTimeout(timer);
    let waiting = false;
    const left = (seconds) => {
      const rest = Math.ceil(Number(seconds) - elapsed());
      if (rest > 0) waiting = true;
      return rest;
    };
    for (const element of all("[data-countdown]")) {
      const rest = left(element.dataset.countdown);
      element.hidden = rest <= 0;
      element.textContent = rest > 0 ? ` ${element.dataset.words.replace("{}", digits(rest))}` : "";
    }
    for (const element of all("[data-until]")) {
      if (left(element.dataset.until) <= 0) element.hidden = true;
    }
    for (const form of all("form[data-wait]")) {
      if (!form.dataset.sent) disable(form.querySelector("button"), left(form.dataset.wait) > 0);
    }
    for (const element of all("[data-at]")) {
      if (left(element.dataset.at) <= 0 && !element.textContent) {
        element.textContent = element.dataset.say;
      }
    }
    if (waiting) timer = window.setTimeout(tick, 1000 - (Date.now() - came) % 1000);
  };

  // A second click sends nothing twice.
  const guard = (form) => {
    const button = form.querySelector("button[data-busy]");
    if (!button) return;
    const words = button.textContent;
    const release = () => {
      delete form.dataset.sent;
      button.textContent = words;
      disable(button, false);
      tick();
    };
    form.addEventListener("submit", (event) => {
      if (button.getAttribute("aria-disabled") === "true") {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      button.textContent = button.dataset.busy;
      disable(button, true);
      window.setTimeout(release, 10000);
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) release();
    });
  };

  const revealable = (box) => {
    const input = box.querySelector("input");
    const button = document.createElement("button");
    const show = (on) => {
      const { show, hide, showLabel, hideLabel } = box.dataset;
      input.type = on ? "text" : "password";
      button.textContent = on ? hide : show;
      button.setAttribute("aria-label", on ? hideLabel : showLabel);
    };
    button.type = "button";
    button.setAttribute("aria-controls", input.id);
    button.addEventListener("click", () => show(input.type === "password"));
    show(false);
    box.append(button);
    // Password managers offer to keep what is in a password field.
    input.form.addEventListener("submit", () => show(false));
  };

  // A touch keyboard of digits alone would not let anybody type a relay code.
  const letterable = (field) => {
    if (!window.matchMedia("(pointer: coarse)").matches) return;
    const input = field.querySelector("input");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "letters";
    button.textContent = field.dataset.letters;
    button.addEventListener("click", () => {
      input.inputMode = "text";
      button.remove();
      input.focus();
    });
    field.append(button);
  };

  // Codes to keep: copied or printed by a press. Without this file they can be selected and kept as a file.
  const keepable = (tools) => {
    const codes = () =>
      Array.from(document.querySelectorAll(`#${tools.dataset.copy} code`), (code) => code.textContent);
    const add = (words, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "secondary";
      button.textContent = words;
      button.addEventListener("click", () => act(button));
      tools.append(button);
    };
    if (navigator.clipboard) {
      const said = document.createElement("span");
      said.className = "unseen";
      said.setAttribute("role", "status");
      add(tools.dataset.copyWords, async (button) => {
        await navigator.clipboard.writeText(codes().join("\n") + "\n");
        button.textContent = tools.dataset.copied;
        said.textContent = tools.dataset.copied;
      });
      tools.after(said);
    }
    add(tools.dataset.printWords, () => window.print());
  };

  // Beside a field for a new password: what speaks against it, as far as a page can tell. Nothing of it leaves the page while
  // it is typed, and the server has the last word: it knows many more passwords that anybody tries.
  const likely = `password passwort motdepasse contrasena senha letmein welcome willkommen bienvenue iloveyou sunshine princess
    football baseball dragon monkey master shadow superman batman trustno admin administrator login secret geheim changeme
    hallo hello whatever freedom computer internet starwars pokemon charlie michael jennifer jordan hunter killer soccer
    summer sommer winter spring autumn january february march april monday friday love liebe test guest default
    qwertyuiop qwertzuiop azertyuiop asdfghjkl zxcvbnm yxcvbnm qwerty qwertz azerty asdf 1qaz2wsx3edc 1q2w3e4r5t`.split(/\s+/);
  const alike = { 4: "a", "@": "a", 3: "e", 1: "i", "!": "i", "|": "i", l: "i", 0: "o", 5: "s", $: "s", 7: "t", "+": "t" };
  const shape = (text) => Array.from(text.toLowerCase(), (c) => alike[c] ?? c);
  const folded = (text) => shape(text).filter((c) => /[\p{L}\p{N}]/u.test(c)).join("");
  const parts = (name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)].map(folded).filter((part) => part.length >= 3);

  // The name that is most of it, if one is.
  const likeness = (typed, names) => {
    let left = folded(typed);
    let like = "";
    const all = names.flatMap(([kind, name]) => parts(name).map((part) => [kind, part]));
    for (const [kind, part] of all.sort(([, a], [, b]) => b.length - a.length)) {
      for (const form of [part, Array.from(part).reverse().join("")]) {
        if (!left.includes(form)) continue;
        left = left.replaceAll(form, "");
        like ||= kind;
      }
    }
    return left.length < 8 ? like : "";
  };

  // The powers of ten of guesses that it may take, counted low: a word that everybody uses, a run and a repetition are one
  // thing each, and any other character is ten guesses.
  const guesses = (typed) => {
    const whole = typed.toLowerCase().match(/^(.+?)\1+$/su);
    const text = Array.from((whole ? whole[1] : typed).toLowerCase());
    const seen = shape(text.join(""));
    const taken = new Set();
    let powers = whole ? 1 : 0;
    for (const word of likely.map((word) => shape(word).join(""))) {
      const at = seen.join("").indexOf(word);
      if (at < 0 || taken.has(at)) continue;
      for (let i = 0; i < word.length; i++) taken.add(at + i);
      powers += 2.5;
    }
    text.forEach((c, i) => {
      if (taken.has(i)) return;
      const step = (j) => text[j]?.codePointAt(0) - text[j - 1]?.codePointAt(0);
      const goesOn = i > 1 && Math.abs(step(i)) <= 1 && step(i) === step(i - 1);
      powers += goesOn ? 0.1 : 1;
    });
    return powers;
  };

  const judge = (typed, least, names) => {
    if (Array.from(typed).length < least) return "too-short";
    if (/^[\p{N}\s\-./:+()]+$/u.test(typed) && /\p{N}/u.test(typed)) return "only-digits";
    const like = likeness(typed, names);
    if (like) return `like-${like}`;
    if (guesses(typed) < 8) return "common";
    return /^\p{L}{1,19}$/u.test(typed) ? "fair" : "good";
  };

  const weigh = (output) => {
    const input = document.getElementById(output.dataset.strength);
    const value = (name) => input.form.elements[name]?.value ?? "";
    const names = () => {
      const email = value("email") || (value("username").includes("@") ? value("username") : "");
      const [mailbox, domain = ""] = email.split("@");
      return [
        ["username", value("username")], ["full-name", value("full_name")], ["email", email], ["email", mailbox],
        ["email", domain.replace(/\.[^.]*$/, "")], ["site-name", output.dataset.site],
      ];
    };
    let pause = 0;
    const say = () => {
      const typed = input.value;
      const verdict = typed ? judge(typed, Number(output.dataset.least), names()) : "";
      const key = verdict.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
      const words = verdict ? output.dataset[key] : "";
      // What is said already is not said again to those who listen.
      if (output.textContent !== words) output.textContent = words;
      output.dataset.level = { "": "", fair: "fair", good: "good" }[verdict] ?? "bad";
    };
    input.form.addEventListener("input", () => {
      window.clearTimeout(pause);
      pause = window.setTimeout(say, 500);
    });
  };

  localTimes();
  all(".reveal").forEach(revealable);
  all("[data-letters]").forEach(letterable);
  all("[data-copy]").forEach(keepable);
  all("[data-strength]").forEach(weigh);
  all("form").forEach(guard);
  tick();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
})();
