package store

import (
	"context"
	"database/sql"
)

// Sport is a kind of workout, as one user sees it.
type Sport struct {
	ID              int64
	Label           string
	IsActive        bool   // offered at all
	IsActiveForUser bool   // offered to this user
	Color           string // #rgb or #rrggbb; empty: the client's default
	StoppedSpeedKMH float64
	HasWorkouts     bool // of anybody
	PrefersActive   bool // the user's own choice, whatever the administrator's
}

const sportColumns = `
	s.id, s.label, s.is_active, coalesce(p.is_active, 1), coalesce(p.color, ''),
	coalesce(p.stopped_speed_threshold, s.stopped_speed_threshold),
	exists (select 1 from totals t where t.sport_id = s.id)`

const sportTables = ` from sports s left join sport_preferences p on p.sport_id = s.id and p.user_id = $1`

func scanSport(r row) (Sport, error) {
	var v Sport
	err := r.Scan(&v.ID, &v.Label, &v.IsActive, &v.PrefersActive, &v.Color, &v.StoppedSpeedKMH, &v.HasWorkouts)
	v.IsActiveForUser = v.IsActive && v.PrefersActive
	return v, err
}

// Sports returns all sports by id, as the user sees them.
func (s *Store) Sports(ctx context.Context, userID int64) ([]Sport, error) {
	return query(ctx, s.r, scanSport, `select `+sportColumns+sportTables+` order by s.id`, userID)
}

// Sport returns one sport as the user sees it, or ErrMissing.
func (s *Store) Sport(ctx context.Context, userID, sportID int64) (Sport, error) {
	return sport(ctx, s.r, userID, sportID)
}

func sport(ctx context.Context, q querier, userID, sportID int64) (Sport, error) {
	return queryOne(ctx, q, scanSport, `select `+sportColumns+sportTables+` where s.id = $2`, userID, sportID)
}

// SwitchSport offers a sport to everybody, or to nobody, and returns it as the user sees it.
func (s *Store) SwitchSport(ctx context.Context, userID, sportID int64, isActive bool) (v Sport, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		err := mustChange(tx.ExecContext(ctx, `update sports set is_active = $1 where id = $2`, isActive, sportID))
		if err != nil {
			return err
		}
		v, err = sport(ctx, tx, userID, sportID)
		return err
	})
	return v, err
}

// SportPreference is what a user wants of a sport. Nil fields stay as they are.
type SportPreference struct {
	Color           *string
	IsActive        *bool
	StoppedSpeedKMH *float64
}

// EditSportPreference applies p and returns the sport as the user sees it then, or ErrMissing.
func (s *Store) EditSportPreference(ctx context.Context, userID, sportID int64, p SportPreference) (v Sport, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		if _, err := sport(ctx, tx, userID, sportID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			insert into sport_preferences (user_id, sport_id, color, is_active, stopped_speed_threshold)
			values ($1, $2, $3, coalesce($4, 1), $5)
			on conflict (user_id, sport_id) do update set
			  color = coalesce($3, color),
			  is_active = coalesce($4, is_active),
			  stopped_speed_threshold = coalesce($5, stopped_speed_threshold)`,
			userID, sportID, p.Color, p.IsActive, p.StoppedSpeedKMH)
		if err != nil {
			return err
		}
		v, err = sport(ctx, tx, userID, sportID)
		return err
	})
	return v, err
}

// ResetSportPreference forgets what the user wanted of a sport. It returns ErrMissing for an unknown sport.
func (s *Store) ResetSportPreference(ctx context.Context, userID, sportID int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := sport(ctx, tx, userID, sportID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			delete from sport_preferences where user_id = $1 and sport_id = $2`, userID, sportID)
		return err
	})
}
