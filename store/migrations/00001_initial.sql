-- +goose Up

-- 'FitT': tells this program's databases from any other SQLite file.
pragma application_id = 0x46697454;

create table users (
  id integer primary key autoincrement,
  username text not null,               -- 3 to 30 of a-z A-Z 0-9 _, unique without regard to case
  email text not null,                  -- the address that logs in, as typed; unique without regard to case
  email_to_confirm text,                -- the address asked for, until its mail is answered
  password text not null,               -- PHC string: argon2id, or bcrypt brought along from elsewhere
  is_admin integer not null default 0,
  is_active integer not null default 0, -- 1: may log in
  confirmed_at integer,                 -- when first activated, Unix seconds; null: still waiting for that
  created_at integer not null,          -- Unix seconds
  first_name text,
  last_name text,
  location text,
  bio text,
  birth_date text,                      -- YYYY-MM-DD
  timezone text not null,               -- IANA name
  language text not null,               -- ISO 639-1 code
  weekm integer not null default 0,     -- 1: weeks start on Monday
  display_ascent integer not null default 1,
  imperial_units integer not null default 0,
  picture text                          -- name of the picture among the kept files; null: none
) strict;

create unique index users_username on users (lower(username));
create unique index users_email on users (lower(email));

-- Usernames asked for with an address that already has an account. Such a registration is answered
-- like any other; if its name became free, asking for it again would tell that the address is known.
create table held_names (
  username text primary key,    -- lower case
  created_at integer not null   -- Unix seconds
) strict;

create table sports (
  id integer primary key,                            -- FitTrackee's ids
  label text not null unique,                        -- English name
  is_active integer not null default 1,              -- 0: not offered for new workouts
  stopped_speed_threshold real not null              -- km/h; slower counts as standing still
) strict;

insert into sports (id, label, stopped_speed_threshold) values
  (1, 'Cycling (Sport)', 1.0),
  (2, 'Cycling (Transport)', 1.0),
  (3, 'Hiking', 0.1),
  (4, 'Mountain Biking', 1.0),
  (5, 'Running', 1.0),
  (6, 'Walking', 0.1),
  (7, 'Mountain Biking (Electric)', 1.0),
  (8, 'Trail', 0.1),
  (9, 'Skiing (Alpine)', 1.0),
  (10, 'Skiing (Cross Country)', 0.1),
  (11, 'Rowing', 1.0),
  (12, 'Snowshoes', 0.1),
  (13, 'Cycling (Virtual)', 1.0),
  (14, 'Mountaineering', 0.1),
  (15, 'Paragliding', 0.1),
  (16, 'Open Water Swimming', 0.1),
  (17, 'Cycling (Trekking)', 1.0),
  (18, 'Swimrun', 0.1),
  (19, 'Kayaking', 1.0),
  (20, 'Canoeing', 1.0),
  (21, 'Halfbike', 1.0),
  (22, 'Windsurfing', 1.0),
  (23, 'Standup Paddleboarding', 1.0),
  (24, 'Tennis (Outdoor)', 0.1),
  (25, 'Padel (Outdoor)', 0.1),
  (26, 'Canoeing (Whitewater)', 1.0),
  (27, 'Kayaking (Whitewater)', 1.0),
  (28, 'Ice Skating', 1.0),
  (29, 'Inline Skating', 1.0);

create table sport_preferences (
  user_id integer not null references users (id) on delete cascade,
  sport_id integer not null references sports (id),
  color text,                     -- #rgb or #rrggbb; null: the client's default
  is_active integer not null,     -- 0: not offered to this user
  stopped_speed_threshold real,   -- km/h; null: the sport's
  primary key (user_id, sport_id)
) strict;

-- Where somebody is logged in. A session token names its row, and is worth nothing without it.
create table sessions (
  id integer primary key autoincrement,
  token_id text not null unique,    -- the token's jti
  user_id integer not null references users (id) on delete cascade,
  created_at integer not null,      -- Unix seconds, as are the two below
  last_used_at integer not null,    -- to within a few minutes
  expires_at integer not null,
  device text not null,             -- as far as the User-Agent told, else empty
  browser text not null,
  ip text not null                  -- the caller's address at login
) strict;

create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

-- Networks from which an account was logged in to. Guessing from elsewhere does not lock these out.
create table known_places (
  user_id integer not null references users (id) on delete cascade,
  place text not null,              -- IPv4 address, or IPv6 network of 64 bits
  last_used_at integer not null,    -- Unix seconds
  primary key (user_id, place)
) strict;

-- Tokens that were mailed. Each has one purpose and one use.
create table mail_tokens (
  hash blob primary key,            -- SHA-256 of the token
  purpose text not null,            -- 'confirm', 'reset' or 'email-confirm'
  user_id integer not null references users (id) on delete cascade,
  email text not null,              -- the address that it was sent to
  expires_at integer not null,      -- Unix seconds
  unique (user_id, purpose)         -- a newer token takes the place of an older one
) strict;

-- Mails to be sent. Whom an unasked-for address concerns is looked up when its mail is sent, so that
-- asking for a mail costs the same whether the address is known or not.
create table outbox (
  id integer primary key autoincrement,
  kind text not null,               -- which mail: 'confirm', 'reset', 'password-changed', …; 'decoy': none
  recipient text not null,          -- address
  user_id integer references users (id) on delete cascade, -- null: whoever has the address
  nonce blob not null,              -- what the token in the mail is made from, together with the secret key
  token_made integer not null default 0, -- 1: the token has been made once, and is not made again
  new_email text not null,          -- for 'email-changed', the new address; else empty
  device text not null,             -- of who asked, as far as the User-Agent told; else empty
  browser text not null,
  created_at integer not null,      -- Unix seconds, as are the two below
  expires_at integer not null,      -- not sent any more after this
  next_try_at integer not null,
  tries integer not null default 0
) strict;

create index outbox_next_try on outbox (next_try_at);

-- One row.
create table settings (
  id integer primary key check (id = 1),
  admin_contact text,                        -- address shown to users
  gpx_limit_import integer not null,         -- files in an archive
  max_single_file_size integer not null,     -- bytes
  max_zip_file_size integer not null,        -- bytes
  max_users integer not null                 -- 0: no limit
) strict;

insert into settings values (1, null, 10, 1048576, 10485760, 0);

create table workouts (
  id integer primary key autoincrement,
  uuid blob not null unique,           -- 16 random bytes; clients see it as a shortuuid
  user_id integer not null references users (id) on delete cascade,
  sport_id integer not null references sports (id),
  title text,
  notes text,
  started_at integer not null,         -- Unix seconds, as are the two below
  created_at integer not null,
  modified_at integer,
  distance_m integer not null,
  duration_s integer not null,         -- pauses included
  moving_s integer not null,
  pauses_s integer not null,
  ave_speed integer not null,          -- 0.01 km/h
  max_speed integer not null,          -- 0.01 km/h
  ascent_cm integer,                   -- null: elevation unknown, as are the three below
  descent_cm integer,
  min_altitude_cm integer,
  max_altitude_cm integer,
  min_latitude real,                   -- degrees; null: no track, as are the three below
  min_longitude real,
  max_latitude real,
  max_longitude real,
  track_file text,                     -- name among the kept files; null: typed in
  map_file text                        -- likewise, of the map picture
) strict;

create index workouts_user_start on workouts (user_id, started_at, id);
create index workouts_user_sport_start on workouts (user_id, sport_id, started_at);
create index workouts_sport on workouts (sport_id);

create table segments (
  workout_id integer not null references workouts (id) on delete cascade,
  number integer not null,             -- from 0
  distance_m integer not null,
  duration_s integer not null,
  moving_s integer not null,
  pauses_s integer not null,
  ave_speed integer not null,          -- 0.01 km/h
  max_speed integer not null,          -- 0.01 km/h
  ascent_cm integer,
  descent_cm integer,
  min_altitude_cm integer,
  max_altitude_cm integer,
  primary key (workout_id, number)
) strict;

create table records (
  id integer primary key autoincrement,
  user_id integer not null references users (id) on delete cascade,
  sport_id integer not null references sports (id),
  workout_id integer not null references workouts (id) on delete cascade,
  record_type text not null check (record_type in ('AS', 'FD', 'HA', 'LD', 'MS')),
  value integer not null,              -- AS, MS: 0.01 km/h; FD: metres; HA: centimetres; LD: seconds
  unique (user_id, sport_id, record_type)
) strict;

create index records_workout on records (workout_id);

-- What a user's workouts of one sport add up to, so that a profile costs the same with ten workouts
-- and with ten thousand. The triggers keep it; nothing else writes it.
create table totals (
  user_id integer not null references users (id) on delete cascade,
  sport_id integer not null references sports (id),
  workouts integer not null,
  distance_m integer not null,
  duration_s integer not null,
  moving_s integer not null,
  ascent_cm integer not null,
  primary key (user_id, sport_id)
) strict;

create index totals_sport on totals (sport_id);

-- +goose StatementBegin
create trigger workouts_added after insert on workouts begin
  insert into totals (user_id, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm)
  values (new.user_id, new.sport_id, 1, new.distance_m, new.duration_s, new.moving_s, coalesce(new.ascent_cm, 0))
  on conflict (user_id, sport_id) do update set
    workouts = workouts + 1,
    distance_m = distance_m + excluded.distance_m,
    duration_s = duration_s + excluded.duration_s,
    moving_s = moving_s + excluded.moving_s,
    ascent_cm = ascent_cm + excluded.ascent_cm;
end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger workouts_removed after delete on workouts begin
  update totals set
    workouts = workouts - 1,
    distance_m = distance_m - old.distance_m,
    duration_s = duration_s - old.duration_s,
    moving_s = moving_s - old.moving_s,
    ascent_cm = ascent_cm - coalesce(old.ascent_cm, 0)
  where user_id = old.user_id and sport_id = old.sport_id;
  delete from totals
  where user_id = old.user_id and sport_id = old.sport_id and workouts = 0;
end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger workouts_changed
after update of user_id, sport_id, distance_m, duration_s, moving_s, ascent_cm on workouts begin
  update totals set
    workouts = workouts - 1,
    distance_m = distance_m - old.distance_m,
    duration_s = duration_s - old.duration_s,
    moving_s = moving_s - old.moving_s,
    ascent_cm = ascent_cm - coalesce(old.ascent_cm, 0)
  where user_id = old.user_id and sport_id = old.sport_id;
  insert into totals (user_id, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm)
  values (new.user_id, new.sport_id, 1, new.distance_m, new.duration_s, new.moving_s, coalesce(new.ascent_cm, 0))
  on conflict (user_id, sport_id) do update set
    workouts = workouts + 1,
    distance_m = distance_m + excluded.distance_m,
    duration_s = duration_s + excluded.duration_s,
    moving_s = moving_s + excluded.moving_s,
    ascent_cm = ascent_cm + excluded.ascent_cm;
  delete from totals
  where user_id = old.user_id and sport_id = old.sport_id and workouts = 0;
end;
-- +goose StatementEnd
