package keystore

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// rescan is how old the picture of the folder may be.
	rescan = 5 * time.Second
	// pause between two looks for keys that are not known, which strangers can
	// cause as often as they like.
	pause = 50 * time.Millisecond
)

// Options of OpenFile. The zero value is usable.
type Options struct {
	// Keep is how long an owner's key verifies after its successor has begun: the
	// longest life of what it signs, and a margin. nil means a day.
	Keep func(owner string) time.Duration
	Log  *slog.Logger
	// Now replaces real time in tests.
	Now func() time.Time
}

// File keeps keys in a folder that several processes may share:
//
//	<owner>/<id>.key   private, PKCS 8, readable by its owner only
//	<owner>/<id>.pub   public, SPKI
//	<owner>/secret     32 bytes, hexadecimal
//
// A process needs the private key of the owners it signs for, and the public
// ones of everybody. It looks at the folder again every few seconds, and at once
// when it meets a key it does not know. A folder that cannot be written, such as
// a mounted secret, works as long as everything is there.
type File struct {
	dir     string
	options Options

	mu      sync.Mutex // held while the folder is read or changed
	parsed  map[string]parsed
	picture atomic.Pointer[picture]
}

// picture is what the folder held when somebody looked.
type picture struct {
	at     time.Time
	owners map[string][]entry // newest first
}

var _ Store = (*File)(nil)

// OpenFile returns the keys in a folder, which need not exist yet. It fails when
// something in it is no key, or is open to everybody.
func OpenFile(dir string, o Options) (*File, error) {
	if o.Keep == nil {
		o.Keep = func(string) time.Duration { return 24 * time.Hour }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	f := &File{dir: dir, options: o, parsed: map[string]parsed{}}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f, f.look()
}

// look takes a new picture. The caller holds mu.
func (f *File) look() error {
	at := time.Now()
	owners, err := f.scan()
	if err != nil {
		return err
	}
	f.picture.Store(&picture{at: at, owners: owners})
	return nil
}

// refresh takes a new picture, and keeps the old one when that is not possible:
// a file that somebody spoiled must not stop what runs.
func (f *File) refresh() {
	if err := f.look(); err != nil {
		f.options.Log.Error("keys could not be read again; those known before stay in use", "error", err)
		old := f.picture.Load()
		f.picture.Store(&picture{at: time.Now(), owners: old.owners})
	}
}

// current returns the keys of an owner that verify, newest first. Who finds the
// picture old takes a new one, while the others go on with what there is.
func (f *File) current(owner string) []entry {
	if time.Since(f.picture.Load().at) > rescan && f.mu.TryLock() {
		f.refresh()
		f.mu.Unlock()
	}
	return f.good(owner)
}

func (f *File) good(owner string) []entry {
	all := f.picture.Load().owners[owner]
	return accepted(append([]entry(nil), all...), f.options.Keep(owner), f.options.Now())
}

// lookFor takes a picture that is newer than this call, but not more often than
// once in a pause: all who wait share it.
func (f *File) lookFor() {
	asked := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.picture.Load().at
	if last.After(asked) {
		return
	}
	if wait := pause - time.Since(last); wait > 0 {
		<-time.After(wait)
	}
	f.refresh()
}

// Find returns a key that is good for verifying.
func (f *File) Find(owner, id string) (ed25519.PublicKey, bool) {
	if key, ok := pick(f.current(owner), id); ok {
		return key, true
	}
	if _, err := fromOf(id); err != nil {
		return nil, false // no key is called that
	}
	f.lookFor()
	return pick(f.good(owner), id)
}

func pick(all []entry, id string) (ed25519.PublicKey, bool) {
	for _, one := range all {
		if one.ID == id {
			return one.Public, true
		}
	}
	return nil, false
}

// Public lists the keys that are good for verifying, newest first.
func (f *File) Public(owner string) ([]Key, error) {
	if err := checkOwner(owner); err != nil {
		return nil, err
	}
	return keysOf(f.current(owner)), nil
}

func keysOf(all []entry) []Key {
	keys := make([]Key, 0, len(all))
	for _, one := range all {
		keys = append(keys, one.Key)
	}
	return keys
}

// Owners lists who has keys here.
func (f *File) Owners() []string {
	var owners []string
	for owner := range f.picture.Load().owners {
		owners = append(owners, owner)
	}
	return owners
}

// Signing returns the newest key whose time has come and whose private half is
// here.
func (f *File) Signing(owner string) (Signing, error) {
	if key, ok := f.signing(f.current(owner)); ok {
		return key, nil
	}
	if err := f.first(owner); err != nil {
		return Signing{}, err
	}
	if key, ok := f.signing(f.good(owner)); ok {
		return key, nil
	}
	return Signing{}, fmt.Errorf("the private key of %s is not in %s: %w", owner, f.dir, ErrNoKey)
}

func (f *File) signing(all []entry) (Signing, bool) {
	var found *entry
	for i := range all {
		if all[i].private == nil {
			continue
		}
		found = &all[i]
		if !found.From.After(f.options.Now()) {
			break
		}
	}
	if found == nil {
		return Signing{}, false
	}
	return Signing{Key: found.Key, Signer: found.private}, true
}

// first makes an owner's first key. Where public ones lie already the private
// one is somewhere else, and a new one would be believed by nobody.
func (f *File) first(owner string) error {
	if err := checkOwner(owner); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.locked(owner, func() error {
		if err := f.look(); err != nil {
			return err
		}
		if len(f.picture.Load().owners[owner]) > 0 {
			return nil
		}
		_, err := f.create(owner, f.options.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("make a key for %s: %w", owner, err)
	}
	return f.look()
}

// Rotate makes a key that signs from then on, and removes those whose time is over.
func (f *File) Rotate(owner string, from time.Time) (Key, error) {
	if err := checkOwner(owner); err != nil {
		return Key{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var made Key
	err := f.locked(owner, func() error {
		if err := f.look(); err != nil {
			return err
		}
		var err error
		made, err = f.create(owner, next(from, keysOf(f.picture.Load().owners[owner])))
		return errors.Join(err, f.sweep(owner))
	})
	if err != nil {
		return Key{}, fmt.Errorf("rotate the key of %s: %w", owner, err)
	}
	return made, f.look()
}

// Retire removes the files of a key. Other processes on this folder learn of it
// within seconds.
func (f *File) Retire(owner, id string) error {
	if err := checkOwner(owner); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.locked(owner, func() error {
		if err := f.look(); err != nil {
			return err
		}
		for _, one := range f.picture.Load().owners[owner] {
			if one.ID == id {
				return one.remove()
			}
		}
		return ErrNoKey
	})
	if err != nil {
		return fmt.Errorf("retire key %s of %s: %w", id, owner, err)
	}
	return f.look()
}
