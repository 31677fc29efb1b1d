package server

import (
	"net/http"

	"fittrackee/auth"
	"fittrackee/problem"
	"fittrackee/store"
)

// configShape is what clients know about the instance.
type configShape struct {
	AdminContact          *string `json:"admin_contact"`
	GPXLimitImport        int64   `json:"gpx_limit_import"` // files in an archive
	IsEmailSendingEnabled bool    `json:"is_email_sending_enabled"`
	IsRegistrationEnabled bool    `json:"is_registration_enabled"`
	MapAttribution        string  `json:"map_attribution"`      // HTML
	MaxSingleFileSize     int64   `json:"max_single_file_size"` // bytes
	MaxUsers              int64   `json:"max_users"`            // 0: no limit
	MaxZipFileSize        int64   `json:"max_zip_file_size"`    // bytes
	Version               string  `json:"version"`
}

func (s *Server) shapeConfig(v store.Settings) configShape {
	return configShape{
		AdminContact:          textOrNull(v.AdminContact),
		GPXLimitImport:        v.ArchiveFiles,
		IsEmailSendingEnabled: s.auth.MailOn(),
		IsRegistrationEnabled: v.IsRegistrationOpen,
		MapAttribution:        s.options.TileAttribution,
		MaxSingleFileSize:     v.MaxFileBytes,
		MaxUsers:              v.MaxUsers,
		MaxZipFileSize:        v.MaxArchiveBytes,
		Version:               s.options.Version,
	}
}

// config tells about the instance. GET /api/config
func (s *Server) config(w http.ResponseWriter, r *http.Request) error {
	v, err := s.store.Settings(r.Context())
	if err != nil {
		return err
	}
	return sendData(w, s.shapeConfig(v))
}

// editConfig changes the instance's settings. PATCH /api/config
func (s *Server) editConfig(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		AdminContact      field[string] `json:"admin_contact"`
		GPXLimitImport    *int64        `json:"gpx_limit_import"`
		MaxSingleFileSize *int64        `json:"max_single_file_size"`
		MaxUsers          *int64        `json:"max_users"`
		MaxZipFileSize    *int64        `json:"max_zip_file_size"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	change := auth.SettingsChange{
		ArchiveFiles:    in.GPXLimitImport,
		MaxFileBytes:    in.MaxSingleFileSize,
		MaxArchiveBytes: in.MaxZipFileSize,
		MaxUsers:        in.MaxUsers,
	}
	if in.AdminContact.isSet {
		change.AdminContact = &in.AdminContact.value // null is none, as is an empty text
	}
	if change == (auth.SettingsChange{}) {
		return problem.ErrInvalidPayload
	}
	v, err := s.auth.ChangeSettings(r.Context(), change)
	if err != nil {
		return err
	}
	return sendData(w, s.shapeConfig(v))
}
