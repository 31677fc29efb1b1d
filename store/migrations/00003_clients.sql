-- +goose Up

-- Third-party applications (OAuth 2.0, RFC 6749). Each is for the account that registered it.
create table clients (
  id integer primary key autoincrement,
  client_id text not null unique,      -- public, random
  secret_hash blob not null,           -- SHA-256
  user_id integer not null references users (id) on delete cascade,
  name text not null,
  description text,                    -- null: none
  website text not null,
  redirect_uris text not null,         -- JSON array; the first one counts where none is asked for
  scope text not null,                 -- what may be asked for at most, separated by blanks
  created_at integer not null          -- Unix seconds
) strict;

create index clients_user on clients (user_id, id);

-- What an application has been allowed: a code, and once that was exchanged the tokens that follow from it.
create table grants (
  id integer primary key autoincrement,
  client_id integer not null references clients (id) on delete cascade,
  scope text not null,                 -- separated by blanks
  code_hash blob not null unique,      -- SHA-256
  redirect_uri text not null,          -- as the code was asked for; empty: that named none
  code_challenge text not null,        -- S256 (RFC 7636); empty: none
  redeemed_at integer,                 -- Unix seconds, as are the two below; null: the code was not used yet
  created_at integer not null,
  expires_at integer not null          -- of the code, then of its latest refresh token
) strict;

create index grants_client on grants (client_id);
create index grants_expiry on grants (expires_at);

-- Pairs of tokens. A refresh replaces a pair by the next one; the row stays, so that a refresh token which is used again is known.
create table grant_tokens (
  id integer primary key autoincrement,
  grant_id integer not null references grants (id) on delete cascade,
  access_hash blob not null unique,    -- SHA-256, as is the one below
  refresh_hash blob not null unique,
  scope text not null,                 -- of the access token: the grant's, or less if that was asked for
  created_at integer not null,         -- Unix seconds, as are the three below
  access_expires_at integer not null,
  refresh_expires_at integer not null,
  replaced_at integer                  -- null: these are the tokens in use
) strict;

create index grant_tokens_grant on grant_tokens (grant_id);
create index grant_tokens_expiry on grant_tokens (refresh_expires_at);

-- Personal access tokens, for scripts and phones.
create table personal_tokens (
  id integer primary key autoincrement,
  hash blob not null unique,           -- SHA-256
  user_id integer not null references users (id) on delete cascade,
  name text not null,
  scope text not null,                 -- separated by blanks
  sport_id integer references sports (id), -- of what is uploaded with it; null: left to the file
  created_at integer not null,         -- Unix seconds, as are the two below
  expires_at integer,                  -- null: never
  last_used_at integer                 -- to within a few minutes; null: never
) strict;

create index personal_tokens_user on personal_tokens (user_id, id);
create index personal_tokens_sport on personal_tokens (sport_id);
create index personal_tokens_expiry on personal_tokens (expires_at);
