package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"fittrackee/auth"
	"fittrackee/backup"
	"fittrackee/problem"
)

// stateShape is how an instance does, for its administrators.
type stateShape struct {
	Backups      *backupsShape `json:"backups"`       // null: the server makes none
	DatabaseSize int64         `json:"database_size"` // bytes
	HasTiles     bool          `json:"has_tiles"`
	IsMailOn     bool          `json:"is_mail_on"`
	NbUsers      int64         `json:"nb_users"`
	NbWorkouts   int64         `json:"nb_workouts"`
	StartedAt    string        `json:"started_at"`
	UploadsSize  int64         `json:"uploads_size"` // bytes
	Version      string        `json:"version"`
}

// backupsShape is what there is of the backups that the server makes.
type backupsShape struct {
	Error  *string      `json:"error"`   // of the latest try; null: none that is known
	EveryS int64        `json:"every_s"` // seconds
	Keep   int          `json:"keep"`
	Newest *backupShape `json:"newest"` // null: there is none
}

type backupShape struct {
	CreatedAt string `json:"created_at"`
	Name      string `json:"name"`
	Size      int64  `json:"size"` // bytes
}

// instance tells administrators how the instance does. GET /api/instance
func (s *Server) instance(w http.ResponseWriter, r *http.Request) error {
	sums, err := s.store.SumInstance(r.Context())
	if err != nil {
		return err
	}
	databaseSize, err := s.store.Size()
	if err != nil {
		return err
	}
	uploadsSize, err := s.files.Size(r.Context())
	if err != nil {
		return err
	}
	return sendData(w, stateShape{
		Backups:      s.shapeBackups(),
		DatabaseSize: databaseSize,
		HasTiles:     s.workouts.HasTiles(),
		IsMailOn:     s.auth.MailOn(),
		NbUsers:      sums.Users,
		NbWorkouts:   sums.Workouts,
		StartedAt:    httpDate(s.startedAt),
		UploadsSize:  uploadsSize,
		Version:      s.options.Version,
	})
}

// shapeBackups also tells when the folder cannot be looked into, which is what administrators have to know.
func (s *Server) shapeBackups() *backupsShape {
	folder := s.options.Backups
	if folder == nil {
		return nil
	}
	shape := &backupsShape{EveryS: int64(folder.Every / time.Second), Keep: folder.Keep}
	newest, err := folder.Newest()
	if err == nil {
		shape.Newest = &backupShape{CreatedAt: httpDate(newest.CreatedAt), Name: newest.Name, Size: newest.Bytes}
	}
	if err == nil || errors.Is(err, backup.ErrNone) {
		err = folder.Fault()
	}
	if err != nil {
		text := err.Error()
		shape.Error = &text
	}
	return shape
}

// defaultTestMailWait is how long the answer about a test mail may take.
const defaultTestMailWait = 15 * time.Second

// testMailShape is what came of a test mail.
type testMailShape struct {
	Error  *string `json:"error"` // what the mail server said, or what went wrong before; null: nothing
	IsSent bool    `json:"is_sent"`
}

// sendTestMail mails the calling administrator, and tells what came of it. POST /api/instance/test-mail
func (s *Server) sendTestMail(w http.ResponseWriter, r *http.Request) error {
	if !s.testMail.TryLock() {
		return &problem.Error{
			Kind: problem.TooMany, Text: "rate limit exceeded (1 test mail at a time)", RetryAfter: s.testMailWait,
		}
	}
	defer s.testMail.Unlock()
	if err := s.limits.testMail(); err != nil {
		return err
	}
	err := auth.SendTestMail(r.Context(), s.options.Mailer, s.options.UIURL, callerOf(r).User, clientOf(r), s.testMailWait)
	if gone := r.Context().Err(); gone != nil {
		return fmt.Errorf("send a test mail: %w", gone)
	}
	if err != nil {
		text := err.Error()
		return sendData(w, testMailShape{Error: &text})
	}
	return sendData(w, testMailShape{IsSent: true})
}
