/** What the API speaks, as far as the pages use it; `server/openapi.yaml` describes it in full. */

/** A day and time as `Sun, 14 Jul 2019 14:09:58 GMT`. */
export type HTTPDate = string;

/** `1:01:00`, or from a day on `2 days, 0:00:00`. */
export type Duration = string;

/** What the instance tells everybody. Sizes are bytes. */
export interface Config {
  admin_contact: string | null;
  gpx_limit_import: number;
  is_email_sending_enabled: boolean;
  is_registration_enabled: boolean;
  map_attribution: string;
  max_single_file_size: number;
  max_users: number;
  max_zip_file_size: number;
  version: string;
}

/** What the pages need to know before anybody has logged in. */
export interface Start {
  is_setup_needed: boolean;
  has_tiles: boolean;
}

export type RecordType = "AS" | "FD" | "HA" | "LD" | "MS";

/** The best of one sport: km/h, km or metres, and of `LD` a duration. */
export interface SportRecord {
  id: number;
  record_type: RecordType;
  sport_id: number;
  user: string;
  value: number | Duration;
  workout_date: HTTPDate;
  workout_id: string;
}

/** An account as administrators see it. */
export interface User {
  admin: boolean;
  bio: string | null;
  birth_date: HTTPDate | null;
  created_at: HTTPDate;
  email: string;
  email_to_confirm: string | null;
  first_name: string | null;
  is_active: boolean;
  last_name: string | null;
  location: string | null;
  nb_sports: number;
  nb_workouts: number;
  picture: boolean;
  records: SportRecord[];
  sports_list: number[];
  total_ascent: number;
  total_distance: number;
  total_duration: Duration;
  username: string;
}

/** How somebody wants things to be shown. */
export interface Preferences {
  display_ascent: boolean;
  imperial_units: boolean;
  language: string;
  timezone: string;
  weekm: boolean;
}

/** An account as its owner sees it. */
export interface OwnUser extends User, Preferences {}

export interface Sport {
  color: string | null;
  has_workouts?: boolean;
  id: number;
  is_active: boolean;
  is_active_for_user: boolean;
  label: string;
  stopped_speed_threshold: number;
}

/** Distances are km, speeds km/h, heights metres. What is zero or not known is null. */
export interface Figures {
  ascent: number | null;
  ave_speed: number | null;
  descent: number | null;
  distance: number | null;
  duration: Duration | null;
  max_alt: number | null;
  max_speed: number | null;
  min_alt: number | null;
  moving: Duration | null;
  pauses: Duration | null;
}

export interface Segment extends Figures {
  segment_id: number;
  workout_id: string;
}

export interface Weather {
  humidity: number;
  icon: string;
  summary?: string;
  temperature: number;
  wind: number;
}

export interface Workout extends Figures {
  /** South, west, north, east; empty without a track. */
  bounds: number[];
  creation_date: HTTPDate;
  id: string;
  map: string | null;
  modification_date: HTTPDate | null;
  next_workout: string | null;
  notes: string | null;
  previous_workout: string | null;
  records: SportRecord[];
  segments: Segment[];
  sport_id: number;
  title: string;
  user: string;
  weather_end: Weather | null;
  weather_start: Weather | null;
  with_gpx: boolean;
  workout_date: HTTPDate;
}

/** A workout that has just been made of a file, and the older one of the same file. */
export interface AddedWorkout extends Workout {
  duplicate_of: string | null;
}

/** One point of a track: km and seconds from the first point, km/h, metres, degrees. */
export interface ChartPoint {
  distance: number;
  duration: number;
  elevation: number;
  latitude: number;
  longitude: number;
  speed: number;
  time: HTTPDate | null;
}

/** What all workouts of a list add up to. */
export interface ListTotals {
  count: number;
  total_ascent: number;
  total_distance: number;
  total_duration: Duration;
  total_sports: number;
}

/** What workouts of one sport add up to; durations are seconds of moving. */
export interface Sum {
  average_speed: number;
  nb_workouts: number;
  total_ascent: number;
  total_descent: number;
  total_distance: number;
  total_duration: number;
}

/** Sums by period, then by the id of the sport. */
export type Statistics = Record<string, Record<string, Sum>>;

export interface Pagination {
  has_next: boolean;
  has_prev: boolean;
  page: number;
  pages: number;
  total: number;
}

/** What there is of the backups that the server makes. */
export interface Backups {
  /** What was wrong with the latest try, or is with the folder. */
  error: string | null;
  /** How old the newest may become, in seconds. */
  every_s: number;
  /** How many are kept. */
  keep: number;
  newest: { created_at: HTTPDate; name: string; size: number } | null;
}

/** How the instance does, for its administrators. Sizes are bytes. */
export interface Instance {
  /** Null: the server makes none. */
  backups: Backups | null;
  database_size: number;
  has_tiles: boolean;
  is_mail_on: boolean;
  nb_users: number;
  nb_workouts: number;
  started_at: HTTPDate;
  uploads_size: number;
  version: string;
}
