// Sends the token of a mailed link when the person behind it says so. Following the link alone does
// nothing, because programs that look for harm in mails follow links too.
const form = document.querySelector("form");
const outcome = document.querySelector(".outcome");
const refusals = {
  "invalid payload": "This link does not work any more. It may have been used, or replaced by a newer one.",
  "invalid token, please request a new token":
    "This link does not work any more. It may have been used, or replaced by a newer one. Ask for another mail.",
};

function tell(text, isGood) {
  outcome.textContent = text;
  outcome.className = isGood ? "outcome good" : "outcome bad";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const body = Object.fromEntries(new FormData(form));
  body.token = new URLSearchParams(location.search).get("token") ?? "";
  button.disabled = true;
  try {
    const reply = await fetch(form.dataset.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const { message } = await reply.json();
    if (reply.ok) {
      form.hidden = true;
      tell(form.dataset.done, true);
    } else {
      tell(refusals[message] ?? message, false);
      button.disabled = false;
    }
  } catch {
    tell("The server did not answer. Please try again.", false);
    button.disabled = false;
  }
});
