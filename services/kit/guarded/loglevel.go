package guarded

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	usualFor = 10 * time.Minute
	mostFor  = 24 * time.Hour
)

// logLevel changes the level for a while: nobody has to remember to set it back.
type logLevel struct {
	level *slog.LevelVar
	log   *slog.Logger
	usual slog.Level // of the settings

	mu    sync.Mutex
	until time.Time
	back  *time.Timer
}

func newLogLevel(level *slog.LevelVar, log *slog.Logger) *logLevel {
	return &logLevel{level: level, log: log, usual: level.Level()}
}

// levelWish is the body of PUT /log-level.
type levelWish struct {
	Level string `json:"level"`
	For   string `json:"for"` // empty: ten minutes
}

func (w levelWish) read() (level slog.Level, lasts time.Duration, err error) {
	switch strings.ToLower(w.Level) {
	case "debug", "info", "warn", "error":
		err = level.UnmarshalText([]byte(w.Level))
	default:
		err = fmt.Errorf("level %q: want debug, info, warn or error", w.Level)
	}
	if err != nil || w.For == "" {
		return level, usualFor, err
	}
	lasts, err = time.ParseDuration(w.For)
	if err != nil || lasts <= 0 || lasts > mostFor {
		return level, 0, fmt.Errorf("for %q: want a time such as 10m, at most %s", w.For, mostFor)
	}
	return level, lasts, nil
}

func (l *logLevel) show(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, l.now())
}

// now is what is in force, and until when if that is not what the settings say.
func (l *logLevel) now() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	shown := map[string]string{"level": word(l.level.Level()), "usual": word(l.usual)}
	if !l.until.IsZero() {
		shown["until"] = l.until.UTC().Format(time.RFC3339)
	}
	return shown
}

func word(l slog.Level) string { return strings.ToLower(l.String()) }

func (l *logLevel) set(w http.ResponseWriter, r *http.Request) {
	var wish levelWish
	if !read(w, r, &wish) {
		return
	}
	level, lasts, err := wish.read()
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	// On record whatever the new level is: at the level that shows in any.
	l.log.ErrorContext(r.Context(), "level of the log changed", "from", word(l.level.Level()), "to", word(level), "for", lasts.String())
	l.change(level, lasts)
	answer(w, http.StatusOK, l.now())
}

// change sets the level, and the timer that takes it back.
func (l *logLevel) change(level slog.Level, lasts time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.back != nil {
		l.back.Stop()
		l.back = nil
	}
	l.level.Set(level)
	l.until = time.Time{}
	if level == l.usual {
		return
	}
	l.until = time.Now().Add(lasts)
	ends := l.until
	l.back = time.AfterFunc(lasts, func() { l.restore(ends) })
}

// restore takes the level back, unless it was changed again meanwhile.
func (l *logLevel) restore(ends time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.until.Equal(ends) {
		return
	}
	l.until = time.Time{}
	l.level.Set(l.usual)
	l.log.Error("level of the log is as usual again", "level", word(l.usual))
}
