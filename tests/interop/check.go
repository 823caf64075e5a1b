// A reader of the exported log that shares no code with this project: golang.org/x/mod/sumdb/note and
// golang.org/x/mod/sumdb/tlog, as Debian packages them.
//
//	check DIR LOG_VKEY OLD_CHECKPOINT WITNESS_VKEY...
//
// Verifies the checkpoint in DIR (signature of the log, one cosignature of every witness), the inclusion of
// every entry, and growth from the older checkpoint. Prints one line for each; ends with 1 at the first fault.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// cosigner verifies cosignature/v1 (C2SP tlog-cosignature), which package note leaves to its caller.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	c.time = binary.BigEndian.Uint64(sig)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", c.time, msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func newCosigner(vkey string) *cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		log.Fatalf("not a vkey: %s", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		log.Fatalf("not a cosigner's key: %s", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		log.Fatalf("the id is not the key's: %s", vkey)
	}
	return &cosigner{name: parts[0], hash: hash, key: ed25519.PublicKey(key[1:])}
}

// tiles reads the files of a directory. tlog names tiles tile/<height>/<level>/<index>, tlog-tiles leaves
// the height, which is always 8, away.
type tiles struct{ dir string }

func (t tiles) Height() int { return height }
func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range want {
		path := "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func must(what string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

// tree reads the tree of a checkpoint whose signature verifies; a checkpoint begins as a go.sum tree does
// not, so the three lines are read here.
func tree(n *note.Note, origin string) tlog.Tree {
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		log.Fatalf("not a checkpoint of %s: %q", origin, n.Text)
	}
	var size int64
	if _, err := fmt.Sscanf(lines[1], "%d", &size); err != nil || fmt.Sprint(size) != lines[1] {
		log.Fatalf("bad size %q", lines[1])
	}
	hash, err := tlog.ParseHash(lines[2])
	must("root", err)
	return tlog.Tree{N: size, Hash: hash}
}

func bundle(dir string, index, width int64) [][]byte {
	tile := tlog.Tile{H: height, L: 0, N: index, W: int(width)}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/0/", height))
	data, err := os.ReadFile(filepath.Join(dir, path))
	must("bundle", err)
	var entries [][]byte
	for len(data) > 0 {
		length := int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:2+length]), data[2+length:]
	}
	return entries
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 {
		log.Fatal("check DIR LOG_VKEY OLD_CHECKPOINT WITNESS_VKEY...")
	}
	dir, vkey, oldFile, witnesses := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	logKey, err := note.NewVerifier(vkey)
	must("log key", err)
	verifiers := []note.Verifier{logKey}
	for _, witness := range witnesses {
		verifiers = append(verifiers, newCosigner(witness))
	}
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must("checkpoint", err)
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	must("checkpoint", err)
	if len(opened.Sigs) != 1+len(witnesses) {
		log.Fatalf("%d verified signatures, %d expected", len(opened.Sigs), 1+len(witnesses))
	}
	head := tree(opened, logKey.Name())
	fmt.Printf("checkpoint %d, %d cosignatures\n", head.N, len(witnesses))

	// Every hash that the reader hands out is authenticated against the tree's root.
	reader := tlog.TileHashReader(head, tiles{dir})
	checked := int64(0)
	for index := int64(0); index*256 < head.N; index++ {
		width := head.N - index*256
		if width > 256 {
			width = 256
		}
		for _, entry := range bundle(dir, index, width) {
			proof, err := tlog.ProveRecord(head.N, checked, reader)
			must("inclusion proof", err)
			must("inclusion", tlog.CheckRecord(proof, head.N, head.Hash, checked, tlog.RecordHash(entry)))
			checked++
		}
	}
	if checked != head.N {
		log.Fatalf("%d entries, %d expected", checked, head.N)
	}
	fmt.Printf("inclusion of %d entries\n", checked)

	text, err = os.ReadFile(oldFile)
	must("older checkpoint", err)
	opened, err = note.Open(text, note.VerifierList(logKey))
	must("older checkpoint", err)
	old := tree(opened, logKey.Name())
	if old.N >= head.N {
		log.Fatalf("%d is not older than %d", old.N, head.N)
	}
	proof, err := tlog.ProveTree(head.N, old.N, reader)
	must("growth proof", err)
	must("growth", tlog.CheckTree(proof, head.N, head.Hash, old.N, old.Hash))
	fmt.Printf("growth from %d to %d\n", old.N, head.N)
}
