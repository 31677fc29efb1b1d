import type { Messages } from "../../lib/i18n.svelte.ts";
import account from "./account.json";
import admin from "./admin.json";
import api from "./api.json";
import apps from "./apps.json";
import first from "./first.ts";
import profile from "./profile.json";
import stats from "./stats.json";

/** What the API says, in German; `{names}` stand for anything. */
export { api };

export default { ...first, account, admin, apps, profile, stats } satisfies Messages;
