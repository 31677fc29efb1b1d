// Asks whether an application may use an account (RFC 6749, 4.1). The password opens a session for this one answer; it ends with it.
const query = new URLSearchParams(location.search);
const login = document.querySelector("#login");
const consent = document.querySelector("#consent");
const outcome = document.querySelector(".outcome");
const meanings = {
  "application:write": "change the settings of this server, if you administrate it",
  "profile:read": "see your profile and your preferences",
  "profile:write": "change your profile, your preferences and your picture",
  "users:read": "see your account, and those of others if you administrate this server",
  "users:write": "delete your account, and change those of others if you administrate this server",
  "workouts:read": "see your workouts, records and statistics",
  "workouts:write": "add, change and delete workouts",
};
let token;
let client;
let scopes; // those that are shown, and no others are allowed

function tell(text, isGood = false) {
  outcome.textContent = text;
  outcome.className = isGood ? "outcome good" : "outcome bad";
}

// call returns what the API answers, and the number of its status as code.
async function call(method, path, body, headers = {}, keepalive = false) {
  if (token) headers.Authorization = `Bearer ${token}`;
  const reply = await fetch(path, { method, headers, body, keepalive });
  return { ...(await reply.json()), ok: reply.ok, code: reply.status };
}

// handle lets a form do its work once at a time.
function handle(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = form.querySelectorAll("button");
    outcome.textContent = "";
    for (const button of buttons) button.disabled = true;
    try {
      await work(event);
    } catch {
      tell("The server did not answer. Please try again.");
    }
    for (const button of buttons) button.disabled = false;
  });
}

// endSession ends the session, also when the page goes away meanwhile. If that fails, the session is in the list of the account's.
async function endSession() {
  if (!token) return;
  const ended = call("POST", "/api/auth/logout", undefined, {}, true);
  token = undefined;
  await ended.catch(() => {});
}

// Whoever leaves without an answer leaves no session, and finds the login on return.
addEventListener("pagehide", () => {
  endSession();
  login.reset();
  login.hidden = false;
  consent.hidden = true;
});

// refuse ends it with what cannot be.
async function refuse(text) {
  consent.hidden = true;
  await endSession();
  tell(`${text} Nothing was allowed.`);
}

// redirectURI is where the answer goes, undefined if that is not an address of the application.
function redirectURI() {
  const asked = query.get("redirect_uri") || client.redirect_uris[0];
  return client.redirect_uris.includes(asked) ? asked : undefined;
}

handle(login, async () => {
  await endSession(); // of a try that broke off
  const credentials = Object.fromEntries(new FormData(login));
  const opened = await call("POST", "/api/auth/login", JSON.stringify(credentials), { "Content-Type": "application/json" });
  if (!opened.ok) {
    tell(opened.code === 401 ? "Address and password do not fit together." : opened.message);
    return;
  }
  token = opened.auth_token;
  const found = await call("GET", `/api/oauth/apps/${encodeURIComponent(query.get("client_id") ?? "")}`);
  client = found.data?.client;
  if (!client || !redirectURI() || query.get("response_type") !== "code") {
    await refuse("You have no such application, or it asks in a way that is not its own.");
    return;
  }
  scopes = (query.get("scope") ?? "").split(" ").filter((scope) => client.scope.split(" ").includes(scope));
  if (scopes.length === 0) {
    await refuse("The application asks for nothing that it can get.");
    return;
  }
  document.querySelector("#name").textContent = client.name;
  document.querySelector("#website").textContent = client.website;
  document.querySelector("#target").textContent = redirectURI();
  document.querySelector("#scopes").replaceChildren(
    ...scopes.map((scope) => Object.assign(document.createElement("li"), { textContent: meanings[scope] ?? scope })),
  );
  login.hidden = true;
  consent.hidden = false;
  consent.querySelector("button").focus();
});

handle(consent, async (event) => {
  let target;
  if (event.submitter?.value === "allow") {
    const answer = new URLSearchParams({ confirm: "true" });
    for (const name of [
      "client_id", "response_type", "state", "redirect_uri", "code_challenge", "code_challenge_method",
    ]) {
      if (query.has(name)) answer.set(name, query.get(name));
    }
    answer.set("scope", scopes.join(" "));
    const allowed = await call("POST", "/api/oauth/authorize", answer);
    if (!allowed.ok) {
      await refuse(`This cannot be allowed (${allowed.message}).`);
      return;
    }
    target = allowed.redirect_url;
  } else {
    const answer = new URLSearchParams({ error: "access_denied" });
    if (query.has("state")) answer.set("state", query.get("state"));
    target = redirectURI() + (redirectURI().includes("?") ? "&" : "?") + answer;
  }
  await endSession();
  consent.hidden = true;
  tell("Your answer is on its way to the application. You can close this page.", true); // as long as another program does not take over
  location.assign(target);
});
