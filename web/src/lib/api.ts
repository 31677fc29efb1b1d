/** Calls of the API. Every failure is an ApiError, whose text is for the person at the screen. */

/** What the API refused, or why it could not be asked. */
export class ApiError extends Error {
  constructor(
    /** The HTTP status; 0 if no answer came. */
    readonly status: number,
    /** What the API said, in English and one sentence each; empty if no answer came. */
    readonly messages: string[],
    /** For how long calls are refused, in seconds; 0 if they are not. */
    readonly retryAfterS = 0,
    /** All that the API said, for what has more in it than sentences. */
    readonly answer?: unknown,
  ) {
    super(messages.join(" ") || "no answer");
    this.name = "ApiError";
  }
}

type Query = Record<string, string | number | boolean | null | undefined>;

interface Options {
  /** Left out: what is null, undefined or empty. */
  query?: Query;
  json?: unknown;
  form?: FormData | URLSearchParams;
  signal?: AbortSignal;
  /** Lets the call outlive the page. */
  keepalive?: boolean;
  /** A token other than the session's. */
  token?: string;
}

let token: string | null = null;
let refused: () => void = () => {};

/** Sets the token of all calls. */
export function useToken(newToken: string | null): void {
  token = newToken;
}

/** Says what is done when the API does not take the token of all calls any more. */
export function onRefused(work: () => void): void {
  refused = work;
}

/** Returns the path with a query. */
export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}

/** Calls the API and returns the JSON of its answer, undefined where there is none. */
export async function call<T = unknown>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers = new Headers();
  const sent = options.token ?? token;
  if (sent) headers.set("Authorization", `Bearer ${sent}`);
  let body: BodyInit | undefined = options.form;
  if (options.json !== undefined) {
    headers.set("Content-Type", "application/json");
    body = JSON.stringify(options.json);
  }
  let reply: Response;
  let text: string;
  try {
    reply = await fetch(withQuery(path, options.query), {
      method,
      headers,
      body,
      signal: options.signal,
      keepalive: options.keepalive,
    });
    text = await reply.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, []);
  }
  if (options.token === undefined) wantSameSession(sent);
  return readAnswer<T>(reply.status, text, reply.headers.get("Retry-After"), sent);
}

/** Calls the API for a file. */
export async function download(path: string): Promise<Blob> {
  const headers = new Headers();
  const sent = token;
  if (sent) headers.set("Authorization", `Bearer ${sent}`);
  let reply: Response;
  let text: string;
  try {
    reply = await fetch(path, { headers });
    if (reply.ok) return await reply.blob();
    text = await reply.text();
  } catch {
    throw new ApiError(0, []);
  }
  wantSameSession(sent);
  return readAnswer(reply.status, text, reply.headers.get("Retry-After"), sent);
}

/** Drops the answer to a question that another session has asked: it may be about another account. */
function wantSameSession(sent: string | null): void {
  if (sent !== token) throw new DOMException("the session has ended meanwhile", "AbortError");
}

/** Sends a form with a file, and tells from 0 to 1 how much of it is on its way. fetch cannot tell that. */
export function upload<T>(
  path: string,
  form: FormData,
  progress: (share: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  const sent = token;
  return new Promise<T>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    if (sent) request.setRequestHeader("Authorization", `Bearer ${sent}`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    request.onload = () => {
      try {
        wantSameSession(sent);
        resolve(readAnswer<T>(request.status, request.responseText, request.getResponseHeader("Retry-After"), sent));
      } catch (error) {
        reject(error);
      }
    };
    request.onerror = () => reject(new ApiError(0, []));
    request.onabort = () => reject(signal?.reason ?? new ApiError(0, []));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function readAnswer<T>(status: number, text: string, retryAfter: string | null, sent: string | null): T {
  let answer: unknown;
  try {
    answer = text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(status, []); // something between here and the server has answered in its place
  }
  if (status >= 200 && status < 300) return answer as T;
  const error = new ApiError(status, readMessages(answer), Number(retryAfter ?? 0) || 0, answer);
  if (status === 401 && sent !== null && sent === token && isUnknownCaller(error)) refused();
  throw error;
}

/** Tells whether a 401 is about the session; else it is about a password that was asked for. */
function isUnknownCaller(error: ApiError): boolean {
  return error.messages.some(
    (message) => message.endsWith("please log in again") || message === "provide a valid auth token",
  );
}

/** Returns the sentences of a refusal: one to a line, or a list. */
function readMessages(answer: unknown): string[] {
  const message = (answer as { message?: unknown } | undefined)?.message;
  const all = Array.isArray(message) ? message.map(String) : typeof message === "string" ? message.split("\n") : [];
  return all.map((text) => text.trim()).filter((text) => text !== "");
}
