package auth

import (
	"context"
	"fmt"
	"time"

	"fittrackee/mail"
	"fittrackee/store"
)

// SendTestMail mails an administrator that mails arrive, now and past the queue. It fails with what went wrong, in words for an
// administrator, after atMost at the latest.
func SendTestMail(ctx context.Context, mailer mail.Mailer, uiURL string, u store.User, c Client, atMost time.Duration) error {
	device, browser := c.device()
	message, err := mail.Render(mail.Test, u.Email, mail.Data{
		Username: u.Username, Language: u.Language, UIURL: uiURL, Device: device, Browser: browser,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, atMost, fmt.Errorf("the mail server took longer than %s", atMost))
	defer cancel()
	return mailer.Send(ctx, message)
}
