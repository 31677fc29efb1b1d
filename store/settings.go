package store

import (
	"context"
	"database/sql"
)

// Settings are what an administrator decides for the whole instance.
type Settings struct {
	AdminContact       string // address shown to users; empty: none
	ArchiveFiles       int64  // files allowed in an archive
	MaxFileBytes       int64  // of an uploaded file
	MaxArchiveBytes    int64  // of an uploaded archive
	MaxUsers           int64  // 0: no limit
	IsRegistrationOpen bool   // derived: whether there is room for another account
}

func scanSettings(r row) (v Settings, err error) {
	err = r.Scan(&v.AdminContact, &v.ArchiveFiles, &v.MaxFileBytes, &v.MaxArchiveBytes, &v.MaxUsers)
	return v, err
}

// Settings returns the instance's settings.
func (s *Store) Settings(ctx context.Context) (Settings, error) {
	return s.settings(ctx, s.r)
}

func (s *Store) settings(ctx context.Context, q querier) (Settings, error) {
	v, err := queryOne(ctx, q, scanSettings, `
		select coalesce(admin_contact, ''), gpx_limit_import, max_single_file_size, max_zip_file_size, max_users
		from settings`)
	if err != nil {
		return v, err
	}
	v.IsRegistrationOpen, err = s.isRegistrationOpen(ctx, q)
	return v, err
}

// ChangeSettings lets edit change the settings as they are now, stores and returns the outcome. An error
// of edit is returned, and nothing changed.
func (s *Store) ChangeSettings(ctx context.Context, edit func(*Settings) error) (v Settings, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		if v, err = s.settings(ctx, tx); err != nil {
			return err
		}
		if err := edit(&v); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			update settings set admin_contact = nullif($1, ''), gpx_limit_import = $2,
			  max_single_file_size = $3, max_zip_file_size = $4, max_users = $5`,
			v.AdminContact, v.ArchiveFiles, v.MaxFileBytes, v.MaxArchiveBytes, v.MaxUsers)
		if err != nil {
			return err
		}
		v.IsRegistrationOpen, err = s.isRegistrationOpen(ctx, tx)
		return err
	})
	return v, err
}

// InstanceID returns what tells this database from any other.
func (s *Store) InstanceID(ctx context.Context) (string, error) {
	return queryOne(ctx, s.r, scanString, `select instance_id from settings`)
}
