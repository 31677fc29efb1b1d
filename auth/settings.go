package auth

import (
	"context"

	"fittrackee/problem"
	"fittrackee/store"
)

// SettingsChange is what an administrator changes of the instance's settings. Nil fields stay as they are.
type SettingsChange struct {
	AdminContact    *string
	ArchiveFiles    *int64
	MaxFileBytes    *int64
	MaxArchiveBytes *int64
	MaxUsers        *int64
}

// Highest values that make sense; more is a slip of the hand.
const (
	maxArchiveFiles = 100_000
	maxUploadBytes  = 10 << 30
	maxUsers        = 1_000_000
)

// ChangeSettings applies a change and returns the settings as they are then.
func (a *Auth) ChangeSettings(ctx context.Context, c SettingsChange) (store.Settings, error) {
	return a.store.ChangeSettings(ctx, func(v *store.Settings) error {
		if err := c.check(); err != nil {
			return err
		}
		replace(&v.AdminContact, c.AdminContact)
		replace(&v.ArchiveFiles, c.ArchiveFiles)
		replace(&v.MaxFileBytes, c.MaxFileBytes)
		replace(&v.MaxArchiveBytes, c.MaxArchiveBytes)
		replace(&v.MaxUsers, c.MaxUsers)
		if v.MaxArchiveBytes < v.MaxFileBytes {
			return problem.New(problem.Invalid,
				"Max. size of zip archive must be equal or greater than max. size of uploaded files")
		}
		return nil
	})
}

func replace[T any](old, with *T) {
	if with != nil {
		*old = *with
	}
}

func (c SettingsChange) check() error {
	var faults []string
	for _, limit := range []struct {
		value *int64
		max   int64
		fault string
	}{
		{c.ArchiveFiles, maxArchiveFiles, "Max. files in a zip archive must be greater than 0"},
		{c.MaxFileBytes, maxUploadBytes, "Max. size of uploaded files must be greater than 0"},
		{c.MaxArchiveBytes, maxUploadBytes, "Max. size of zip archive must be greater than 0"},
	} {
		if limit.value == nil {
			continue
		}
		if *limit.value <= 0 {
			faults = append(faults, limit.fault)
		} else if *limit.value > limit.max {
			return problem.ErrInvalidPayload
		}
	}
	if c.AdminContact != nil && *c.AdminContact != "" {
		if _, err := ParseEmail(*c.AdminContact); err != nil {
			faults = append(faults, "valid email must be provided for admin contact")
		}
	}
	if c.MaxUsers != nil && (*c.MaxUsers < 0 || *c.MaxUsers > maxUsers) {
		return problem.ErrInvalidPayload
	}
	if len(faults) > 0 {
		return &problem.Error{Kind: problem.Invalid, List: faults}
	}
	return nil
}
