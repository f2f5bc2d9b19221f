/**
 * A small client of doorward's JSON API for Node 22 or later and for browsers, to be copied (docs/api.md).
 *
 * It signs somebody in by password and code, keeps the tokens where it is told to, refreshes them when they end, one refresh
 * at a time, and asks apps behind doorward with them.
 */

/** Where a client keeps what it must not lose between runs. */
export interface Keeper {
  load(): Promise<Kept | undefined>;
  save(kept: Kept): Promise<void>;
}

/** What a client keeps. */
export interface Kept {
  installId: string;
  flow?: string;
  verificationToken?: string;
  accessToken?: string;
  refreshToken?: string;
  deviceToken?: string;
  /** When the access token ends, in milliseconds since 1970. */
  ends?: number;
}

/** What came of a step. */
export type Status = "signed_in" | "code_sent" | "verified" | "changed";

interface Told {
  status: Status;
  flow?: string;
  verification_token?: string;
  access_token?: string;
  refresh_token?: string;
  device_token?: string;
  expires_in?: number;
}

/** What doorward refused, by the code that stays what it is. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly told: Record<string, unknown>;
  /** In how many seconds to come back. */
  readonly retryAfter: number | undefined;

  constructor(status: number, told: Record<string, unknown>, retryAfter: number | undefined) {
    super(`${String(told["code"] ?? status)}: ${String(told["detail"] ?? "")}`);
    this.status = status;
    this.code = String(told["code"] ?? "");
    this.told = told;
    this.retryAfter = retryAfter;
  }
}

export class Doorward {
  readonly #origin: string;
  readonly #keeper: Keeper;
  readonly #fetch: typeof fetch;
  #kept: Kept | undefined;
  #refreshing: Promise<Status> | undefined;

  constructor(origin: string, keeper: Keeper, fetcher: typeof fetch = fetch) {
    this.#origin = origin.replace(/\/$/, "");
    this.#keeper = keeper;
    this.#fetch = fetcher;
  }

  /** Says `signed_in`, or `code_sent`: then the code comes next. */
  async signIn(login: string, password: string, more: { path?: string; fresh?: boolean } = {}): Promise<Status> {
    return this.#step("/sign-in", { login, password, ...(await this.#client()), ...more });
  }

  /** Answers with the code. Says `signed_in`, or `verified` where something else comes next. */
  async verify(code: string, trustDevice = false): Promise<Status> {
    const { flow } = await this.#mine();
    return this.#step("/codes/verify", { flow, code, trust_device: trustDevice, ...(await this.#client()) });
  }

  /** Has another code sent. */
  async resend(): Promise<Status> {
    const { flow } = await this.#mine();
    return this.#step("/codes/resend", { flow });
  }

  /** Ends the session and all of its tokens. */
  async signOut(): Promise<void> {
    await this.#send("POST", "/_doorward/api/v1/sign-out", undefined, await this.token());
    const { installId, deviceToken } = await this.#mine();
    await this.#keep({ installId, ...(deviceToken === undefined ? {} : { deviceToken }) });
  }

  /** The account. */
  async account(): Promise<Record<string, unknown>> {
    const answer = await this.#send("GET", "/_doorward/api/v1/account", undefined, await this.token());
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Asks the app behind doorward. */
  async fetch(path: string): Promise<Response> {
    return this.#send("GET", path, undefined, await this.token());
  }

  /** An access token that is good for some seconds at least. */
  async token(): Promise<string> {
    const { accessToken, ends = 0 } = await this.#mine();
    if (accessToken !== undefined && ends > Date.now() + 10_000) return accessToken;
    // One at a time, whoever asks: each refresh token is good once.
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
    return (await this.#mine()).accessToken ?? "";
  }

  async #refresh(): Promise<Status> {
    const { refreshToken, installId } = await this.#mine();
    return this.#step("/refresh", { refresh_token: refreshToken, install_id: installId });
  }

  async #step(path: string, body: Record<string, unknown>): Promise<Status> {
    const answer = await this.#send("POST", `/_doorward/api/v1${path}`, body);
    const told = (await answer.json()) as Told;
    const kept = { ...(await this.#mine()) };
    if (told.flow !== undefined) kept.flow = told.flow;
    if (told.verification_token !== undefined) kept.verificationToken = told.verification_token;
    if (told.refresh_token !== undefined) kept.refreshToken = told.refresh_token;
    if (told.device_token !== undefined) kept.deviceToken = told.device_token;
    if (told.access_token !== undefined) {
      kept.accessToken = told.access_token;
      kept.ends = Date.now() + 1000 * (told.expires_in ?? 0);
    }
    await this.#keep(kept);
    return told.status;
  }

  async #mine(): Promise<Kept> {
    this.#kept ??= (await this.#keeper.load()) ?? { installId: crypto.randomUUID() };
    return this.#kept;
  }

  async #keep(kept: Kept): Promise<void> {
    this.#kept = kept;
    await this.#keeper.save(kept);
  }

  async #client(): Promise<Record<string, string>> {
    const { installId, deviceToken } = await this.#mine();
    return { install_id: installId, ...(deviceToken === undefined ? {} : { device_token: deviceToken }) };
  }

  async #send(method: string, path: string, body?: unknown, token?: string): Promise<Response> {
    const headers = new Headers({ Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
    const init: RequestInit = { method, headers, credentials: "omit" };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await this.#fetch(this.#origin + path, init);
    if (answer.ok) return answer;
    const isProblem = (answer.headers.get("Content-Type") ?? "").startsWith("application/problem+json");
    const told = isProblem ? ((await answer.json()) as Record<string, unknown>) : { detail: answer.statusText };
    const wait = answer.headers.get("Retry-After");
    throw new Problem(answer.status, told, wait === null ? undefined : Number(wait));
  }
}
