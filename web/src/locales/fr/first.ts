/** The texts of the pages that are seen first: the frame, the dashboard and the workouts. */
import type { FirstMessages } from "../../lib/i18n.svelte.ts";
import common from "./common.json";
import dashboard from "./dashboard.json";
import errors from "./errors.json";
import figures from "./figures.json";
import sports from "./sports.json";
import workouts from "./workouts.json";

export default { common, dashboard, errors, figures, sports, workouts } satisfies FirstMessages;
