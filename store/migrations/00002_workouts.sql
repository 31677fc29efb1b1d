-- +goose Up

-- What tells this database from any other, so that nobody takes the files of one for those of another.
alter table settings add column instance_id text not null default '';
update settings set instance_id = lower(hex(randomblob(16)));

-- In UTC, 12 times the year, plus 0 to 11. The program computes it; the database only once, here.
alter table workouts add column month integer not null default 0;
update workouts set month = 12 * strftime('%Y', started_at, 'unixepoch') + strftime('%m', started_at, 'unixepoch') - 1;

alter table workouts add column content_hash blob;                -- SHA-256 of the track file; null: typed in
alter table workouts add column map_due_at integer;               -- when tiles for the map are to be asked for next; null: no more

alter table segments add column fraction_us integer not null default 0; -- microseconds that duration_s lacks

-- The orders in which a list may be wanted, apart from time.
create index workouts_user_distance on workouts (user_id, distance_m);
create index workouts_user_duration on workouts (user_id, duration_s);
create index workouts_user_speed on workouts (user_id, ave_speed);

create index workouts_content on workouts (user_id, content_hash);
create unique index workouts_map on workouts (map_file);
create index workouts_map_due on workouts (map_due_at);

-- What a user's workouts of one sport add up to: in each month, and in month 0 always. So a profile and statistics cost the same
-- with ten workouts and with ten thousand. The triggers keep it; nothing else writes it.
drop trigger workouts_added;
drop trigger workouts_removed;
drop trigger workouts_changed;
drop table totals;

create table totals (
  user_id integer not null references users (id) on delete cascade,
  month integer not null,      -- as in workouts; 0: always
  sport_id integer not null references sports (id),
  workouts integer not null,   -- how many
  distance_m integer not null,
  duration_s integer not null,
  moving_s integer not null,
  ascent_cm integer not null,
  descent_cm integer not null,
  ave_speed integer not null,  -- the sum of the average speeds, in 0.01 km/h
  primary key (user_id, month, sport_id)
) strict;

create index totals_sport on totals (sport_id);

insert into totals (user_id, month, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed)
select user_id, m, sport_id, count(*), sum(distance_m), sum(duration_s), sum(moving_s),
  sum(coalesce(ascent_cm, 0)), sum(coalesce(descent_cm, 0)), sum(ave_speed)
from (select *, 0 as m from workouts union all select *, month as m from workouts)
group by user_id, m, sport_id;

-- +goose StatementBegin
create trigger workouts_added after insert on workouts begin
  insert into totals (user_id, month, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed)
  select new.user_id, m.month, new.sport_id, 1, new.distance_m, new.duration_s, new.moving_s,
    coalesce(new.ascent_cm, 0), coalesce(new.descent_cm, 0), new.ave_speed
  from (select 0 as month union all select new.month) m
  where true
  on conflict (user_id, month, sport_id) do update set
    workouts = workouts + 1,
    distance_m = distance_m + excluded.distance_m,
    duration_s = duration_s + excluded.duration_s,
    moving_s = moving_s + excluded.moving_s,
    ascent_cm = ascent_cm + excluded.ascent_cm,
    descent_cm = descent_cm + excluded.descent_cm,
    ave_speed = ave_speed + excluded.ave_speed;
end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger workouts_removed after delete on workouts begin
  update totals set
    workouts = workouts - 1,
    distance_m = distance_m - old.distance_m,
    duration_s = duration_s - old.duration_s,
    moving_s = moving_s - old.moving_s,
    ascent_cm = ascent_cm - coalesce(old.ascent_cm, 0),
    descent_cm = descent_cm - coalesce(old.descent_cm, 0),
    ave_speed = ave_speed - old.ave_speed
  where user_id = old.user_id and month in (0, old.month) and sport_id = old.sport_id;
  delete from totals
  where user_id = old.user_id and month in (0, old.month) and sport_id = old.sport_id and workouts = 0;
end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger workouts_changed
after update of user_id, month, sport_id, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed
on workouts begin
  update totals set
    workouts = workouts - 1,
    distance_m = distance_m - old.distance_m,
    duration_s = duration_s - old.duration_s,
    moving_s = moving_s - old.moving_s,
    ascent_cm = ascent_cm - coalesce(old.ascent_cm, 0),
    descent_cm = descent_cm - coalesce(old.descent_cm, 0),
    ave_speed = ave_speed - old.ave_speed
  where user_id = old.user_id and month in (0, old.month) and sport_id = old.sport_id;
  insert into totals (user_id, month, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed)
  select new.user_id, m.month, new.sport_id, 1, new.distance_m, new.duration_s, new.moving_s,
    coalesce(new.ascent_cm, 0), coalesce(new.descent_cm, 0), new.ave_speed
  from (select 0 as month union all select new.month) m
  where true
  on conflict (user_id, month, sport_id) do update set
    workouts = workouts + 1,
    distance_m = distance_m + excluded.distance_m,
    duration_s = duration_s + excluded.duration_s,
    moving_s = moving_s + excluded.moving_s,
    ascent_cm = ascent_cm + excluded.ascent_cm,
    descent_cm = descent_cm + excluded.descent_cm,
    ave_speed = ave_speed + excluded.ave_speed;
  delete from totals
  where user_id = old.user_id and month in (0, old.month) and sport_id = old.sport_id and workouts = 0;
end;
-- +goose StatementEnd
