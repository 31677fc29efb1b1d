package mail

import (
	"slices"

	"github.com/mileusna/useragent"
)

const (
	// maxUserAgent is how many bytes of a User-Agent are looked at. Real ones have 80 to 250.
	maxUserAgent = 512
	// maxProduct bounds the name of a program that is not on the list of browsers.
	maxProduct = 20
)

// Device tells what a User-Agent header says about the device, such as "iPhone" or "Windows", and
// the browser, such as "Firefox". What it does not tell is empty.
//
// Whoever asks for somebody else's password reset chooses this header, and the answers go into a
// mail to the victim. So devices come from a closed list, phone models are left out, and an unknown
// program is named only when its name is a single short word: there is no room for a sentence, an
// address or a link.
func Device(userAgent string) (device, browser string) {
	if len(userAgent) > maxUserAgent {
		userAgent = userAgent[:maxUserAgent]
	}
	ua := useragent.Parse(userAgent)
	return deviceName(ua), browserName(ua.Name)
}

func deviceName(ua useragent.UserAgent) string {
	switch ua.OS {
	case useragent.IOS:
		if ua.Device == "iPhone" || ua.Device == "iPad" {
			return ua.Device
		}
		return useragent.IOS
	case useragent.Harmony:
		return "HarmonyOS"
	case useragent.Windows, useragent.WindowsPhone, useragent.Android, useragent.MacOS,
		useragent.Linux, useragent.FreeBSD, useragent.ChromeOS, useragent.BlackBerry:
		return ua.OS
	}
	return ""
}

// spacedBrowsers are the names of more than one word that the parser gives by itself.
var spacedBrowsers = []string{
	useragent.OperaMini, useragent.OperaTouch, useragent.HeadlessChrome, useragent.InternetExplorer,
	useragent.SamsungBrowser, useragent.FacebookApp, useragent.InstagramApp, useragent.TiktokApp,
	"Huawei Browser", "Miui Browser", "Android browser",
}

func browserName(name string) string {
	if slices.Contains(spacedBrowsers, name) || isWord(name) {
		return name
	}
	return ""
}

// isWord tells whether s is 2 to maxProduct ASCII letters, digits and dashes, beginning with a
// letter. The parser calls a browser that it cannot tell "Mozilla", which says nothing.
func isWord(s string) bool {
	if len(s) < 2 || len(s) > maxProduct || s == useragent.Mozilla || s[0] == '-' || isDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && !isDigit(c) && !isLetter(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
