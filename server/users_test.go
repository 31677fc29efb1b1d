package server_test

import (
	"strings"
	"testing"
)

const lastAdmin = "you can not delete your account, no other user has admin rights"

// settled is an account with everything that an account can have.
func (s *site) settled(u user) (mapPath string) {
	s.t.Helper()
	u.givePicture()
	v := u.upload("a.gpx", ride(morning, 5)).wants(201).workout()
	u.upload("a.zip", zipped(s.t, entry{"a.gpx", ride(morning, 3)}, entry{"b.gpx", ride(morning, 4)})).wants(201)
	u.typed(nil).wants(201)
	u.post("/api/auth/profile/edit/sports", object{"sport_id": 1, "color": "#ff0000"}).wants(200)
	u.changeEmail("new." + u.email).wants(200)
	return "/api/workouts/map/" + v["map"].(string)
}

// TestUserDeletion shows that nothing is left of an account, whoever removes it, and everything of the others.
func TestUserDeletion(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris, chloe, root := s.person("amelie"), s.person("boris"), s.person("chloe"), s.person("root")
	s.deliver()
	s.settled(boris)
	files := s.files()
	for _, c := range []struct{ who, by user }{{amelie, amelie}, {chloe, root}} {
		other := s.login(c.who.email, password)
		secret := s.settled(c.who)
		if len(s.files()) <= len(files) {
			t.Fatalf("files: %q; want more with those of %s", s.files(), c.who.name)
		}
		s.unchanged("a deletion by somebody else", func() { boris.delete("/api/users/"+c.who.name).wants(403, noRights) })
		if r := c.by.delete("/api/users/" + strings.ToUpper(c.who.name)).wants(204).wantsHeaders(every); len(r.body) > 0 {
			t.Errorf("%s: body %q; want none", r.call, r.body)
		}
		s.wantsFiles("the deletion of "+c.who.name, files)
		for _, token := range []client{c.who.client, other} {
			for _, path := range []string{"/api/auth/profile", "/api/workouts", "/api/users/" + c.who.name} {
				token.get(path).wants(401, badToken).wantsHeaders(refusedSet)
			}
			token.upload("a.gpx", ride(morning, 3)).wants(401, badToken)
			token.delete("/api/users/"+c.who.name).wants(401, badToken)
		}
		s.anybody().login(c.who.email, password).wants(401, "invalid credentials")
		s.anybody().get(secret).wants(404, "Map does not exist.")
		s.anybody().get("/api/users/"+c.who.name+"/picture").wants(404, "user does not exist")
		root.get("/api/users/"+c.who.name).wants(404, "user does not exist")
		root.get("/api/stats/"+c.who.name+"/by_sport").wants(404, "user does not exist")
		root.delete("/api/users/"+c.who.name).wants(404, "user does not exist")
		if rows := s.run(`select id from users where username = $1`, c.who.name); len(rows) > 0 {
			t.Errorf("rows of %s: %q; want none", c.who.name, rows)
		}
		s.wantsSound()
	}
	// Boris has everything still, and root has seen the last of the others.
	if n := boris.get("/api/auth/profile").wants(200).data()["nb_workouts"]; n != 4.0 {
		t.Errorf("workouts of boris = %v; want 4", n)
	}
	for _, v := range boris.get("/api/workouts").wants(200).workouts() {
		if v["with_gpx"] == true {
			boris.get("/api/workouts/" + v["id"].(string) + "/gpx/download").wants(200)
			s.anybody().get("/api/workouts/map/" + v["map"].(string)).wants(200)
		}
	}
	// The name is free again, and whoever takes it finds nothing of the one before.
	again := s.signUp("amelie")
	if n := again.get("/api/auth/profile").wants(200).data()["nb_workouts"]; n != 0.0 {
		t.Errorf("workouts of the next amelie = %v; want none", n)
	}
	amelie.get("/api/auth/profile").wants(401, badToken)
	s.wantsSound()
}

// TestLastAdmin shows that an instance does not lose its last administrator.
func TestLastAdmin(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root, amelie := s.person("root"), s.person("amelie")
	s.unchanged("the deletion of the last administrator", func() {
		root.delete("/api/users/root").wants(403, lastAdmin)
		amelie.delete("/api/users/root").wants(403, noRights)
	})
	second := s.addAdmin("second")
	s.run(`update users set is_active = 0 where username = 'second'`)
	root.delete("/api/users/root").wants(403, lastAdmin) // the other one can do nothing
	s.run(`update users set is_active = 1 where username = 'second'`)
	answers := atOnce(2, func(i int) response {
		return []user{root, second}[i].delete("/api/users/" + []user{root, second}[i].name)
	})
	wantsOf(t, answers, 204, 1)
	wantsOf(t, answers, 403, 1)
	amelie.get("/api/auth/profile").wants(200)
	amelie.delete("/api/users/amelie").wants(204)
	if rows := s.run(`select count(*) from users where is_admin = 1`); rows[0] != "1" {
		t.Errorf("administrators = %s; want one", rows[0])
	}
}

// TestUsers shows what an account looks like to its owner and to an administrator.
func TestUsers(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	amelie.upload("a.gpx", ride(morning, 5)).wants(201)
	profile := amelie.get("/api/auth/profile").wants(200).data()
	look := func(c user, name string) object {
		t.Helper()
		all := objects(c.get("/api/users/" + name).wants(200).data()["users"])
		if len(all) != 1 {
			t.Fatalf("users = %v; want one", all)
		}
		return all[0]
	}
	preferences := []string{"display_ascent", "imperial_units", "language", "timezone", "weekm"}
	own, seen := look(amelie, "amelie"), look(root, "AMELIE")
	for name, want := range profile {
		if name == "records" {
			continue
		}
		if own[name] == nil && want != nil || encodeJSON(t, own[name]) != encodeJSON(t, want) {
			t.Errorf("%s as amelie sees it = %v; want %v as on her profile", name, own[name], want)
		}
	}
	for _, name := range preferences {
		if _, told := seen[name]; told {
			t.Errorf("%s is told to an administrator; want it to be the owner's", name)
		}
		delete(own, name)
	}
	if encodeJSON(t, own) != encodeJSON(t, seen) {
		t.Errorf("amelie to an administrator: %v; want %v", seen, own)
	}
}

// TestDeletionUnderWay removes an account while its clients are busy: each is told something sensible, and nothing is left.
func TestDeletionUnderWay(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	archive := zipped(t, entry{"a.gpx", ride(morning, 3)}, entry{"b.gpx", ride(morning, 4)})
	answers := atOnce(16, func(i int) response {
		switch {
		case i == 8:
			return root.delete("/api/users/amelie")
		case i%3 == 0:
			return amelie.upload("a.gpx", ride(morning, 5))
		case i%3 == 1:
			return amelie.upload("a.zip", archive)
		}
		return amelie.typed(nil)
	})
	for _, r := range answers {
		if r.status >= 500 || r.status == 0 {
			t.Errorf("%s: %d %s; want no 5xx", r.call, r.status, r.body)
		}
	}
	s.wantsFiles("the deletion", nil)
	s.wantsSound()
}
