/** Every page: its path, who sees it, and where its code is. */
import type { Route } from "./lib/router.svelte.ts";

export const routes: Route[] = [
  { path: "/", access: "user", texts: "first", load: () => import("./pages/Dashboard.svelte") },

  { path: "/setup", access: "everybody", load: () => import("./pages/Setup.svelte") },
  { path: "/login", access: "everybody", load: () => import("./pages/Login.svelte") },
  { path: "/register", access: "everybody", load: () => import("./pages/Register.svelte") },
  { path: "/account-confirmation", access: "everybody", load: () => import("./pages/ConfirmAccount.svelte") },
  { path: "/resend-confirmation", access: "everybody", load: () => import("./pages/ResendConfirmation.svelte") },
  { path: "/forgotten-password", access: "everybody", load: () => import("./pages/ForgottenPassword.svelte") },
  { path: "/password-reset", access: "everybody", load: () => import("./pages/ResetPassword.svelte") },
  { path: "/email-update", access: "everybody", load: () => import("./pages/ConfirmEmail.svelte") },

  { path: "/workouts", access: "user", texts: "first", load: () => import("./pages/Workouts.svelte") },
  { path: "/workouts/add", access: "user", load: () => import("./pages/AddWorkout.svelte") },
  { path: "/workouts/:id", access: "user", texts: "first", load: () => import("./pages/Workout.svelte") },
  { path: "/workouts/:id/edit", access: "user", load: () => import("./pages/EditWorkout.svelte") },
  { path: "/statistics", access: "user", load: () => import("./pages/Statistics.svelte") },

  { path: "/profile", access: "user", load: () => import("./pages/Profile.svelte") },
  { path: "/profile/edit", access: "user", load: () => import("./pages/EditProfile.svelte") },
  { path: "/profile/preferences", access: "user", load: () => import("./pages/Preferences.svelte") },
  { path: "/profile/sports", access: "user", load: () => import("./pages/SportPreferences.svelte") },
  { path: "/profile/account", access: "user", load: () => import("./pages/Account.svelte") },
  { path: "/profile/sessions", access: "user", load: () => import("./pages/Sessions.svelte") },
  { path: "/profile/tokens", access: "user", load: () => import("./pages/Tokens.svelte") },
  { path: "/profile/apps", access: "user", load: () => import("./pages/Apps.svelte") },
  { path: "/profile/apps/authorize", access: "user", load: () => import("./pages/Authorize.svelte") },

  { path: "/admin", access: "admin", load: () => import("./pages/Admin.svelte") },
  { path: "/admin/settings", access: "admin", load: () => import("./pages/AdminSettings.svelte") },
  { path: "/admin/users", access: "admin", load: () => import("./pages/AdminUsers.svelte") },
  { path: "/admin/users/:name", access: "admin", load: () => import("./pages/AdminUser.svelte") },
  { path: "/admin/sports", access: "admin", load: () => import("./pages/AdminSports.svelte") },
];

/** What an address shows that is no page. */
export const missing: Route = {
  path: "",
  access: "everybody",
  texts: "first",
  load: () => import("./pages/Missing.svelte"),
};
