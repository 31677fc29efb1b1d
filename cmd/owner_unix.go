//go:build unix

package cmd

import (
	"io/fs"
	"syscall"
)

// ownerOf returns the id of the user whom a file belongs to.
func ownerOf(info fs.FileInfo) (uid int, isKnown bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
