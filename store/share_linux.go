package store

import "syscall"

// shares are file systems by which several machines have one folder, by the
// number that the system gives each.
var shares = map[uint32]string{
	0x6969:     "NFS",
	0x517B:     "SMB",
	0xFF534D42: "CIFS",
	0xFE534D42: "SMB 2",
	0x01021997: "9P",
	0x5346414F: "AFS",
	0x00C36400: "Ceph",
	0x0BD00BD0: "Lustre",
	0x01161970: "GFS 2",
	0x7461636F: "OCFS 2",
}

// Share names the file system of a folder that several machines may have: there
// the lock of one may not keep out another, and the file may change under the
// map. It is empty for a disk of this machine, and where that cannot be told.
func Share(dir string) string {
	var on syscall.Statfs_t
	if err := syscall.Statfs(dir, &on); err != nil {
		return ""
	}
	return shares[uint32(on.Type)]
}
