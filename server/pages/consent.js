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

function tell(text) {
  outcome.textContent = text;
  outcome.className = "outcome bad";
}

async function call(method, path, body, headers = {}) {
  if (token) headers.Authorization = `Bearer ${token}`;
  const reply = await fetch(path, { method, headers, body });
  return { ok: reply.ok, status: reply.status, ...(await reply.json()) };
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

function endSession() {
  const ended = call("POST", "/api/auth/logout");
  token = undefined;
  return ended;
}

// redirectURI is where the answer goes, undefined if that is not an address of the application.
function redirectURI() {
  const asked = query.get("redirect_uri") || client.redirect_uris[0];
  return client.redirect_uris.includes(asked) ? asked : undefined;
}

handle(login, async () => {
  const credentials = Object.fromEntries(new FormData(login));
  const opened = await call("POST", "/api/auth/login", JSON.stringify(credentials), { "Content-Type": "application/json" });
  if (!opened.ok) {
    tell(opened.status === 401 ? "Address and password do not fit together." : opened.message);
    return;
  }
  token = opened.auth_token;
  const found = await call("GET", `/api/oauth/apps/${encodeURIComponent(query.get("client_id") ?? "")}`);
  client = found.data?.client;
  if (!client || !redirectURI() || query.get("response_type") !== "code") {
    await endSession();
    tell("You have no such application, or it asks in a way that is not its own. Nothing was allowed.");
    return;
  }
  const scopes = (query.get("scope") ?? "").split(/\s+/).filter((scope) => client.scope.split(" ").includes(scope));
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
      "client_id", "response_type", "scope", "state", "redirect_uri", "code_challenge", "code_challenge_method",
    ]) {
      if (query.has(name)) answer.set(name, query.get(name));
    }
    const allowed = await call("POST", "/api/oauth/authorize", answer);
    if (!allowed.ok) {
      tell(`The application asks for something that it cannot get (${allowed.message}). Nothing was allowed.`);
      return;
    }
    target = allowed.redirect_url;
  } else {
    const answer = new URLSearchParams({ error: "access_denied" });
    if (query.has("state")) answer.set("state", query.get("state"));
    target = redirectURI() + (redirectURI().includes("?") ? "&" : "?") + answer;
  }
  await endSession();
  location.assign(target);
});
