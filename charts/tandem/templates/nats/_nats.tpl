{{- define "tandem.nats" -}}
{{- include "tandem.componentName" (dict "root" . "name" "nats") -}}
{{- end -}}

{{- define "tandem.imageOf" -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end -}}

{{/* Addresses of all servers, by which each finds the others. Kubernetes puts user and password in. */}}
{{- define "tandem.natsRoutes" -}}
{{- $routes := list -}}
{{- range $i := until (int .Values.nats.replicas) -}}
{{- $routes = append $routes (printf "nats://$(NATS_USER):$(NATS_PASSWORD)@%s-%d.%s-headless:6222" (include "tandem.nats" $) $i (include "tandem.nats" $)) -}}
{{- end -}}
{{- join "," $routes -}}
{{- end -}}

{{/* A word with $ is a variable of the process: no secret lies in this text. */}}
{{- define "tandem.natsConfig" -}}
server_name: $POD_NAME
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
pid_file: "/tmp/nats.pid"
lame_duck_grace_period: 5s
lame_duck_duration: 30s
authorization {
  user: $QUOTED_USER
  password: $QUOTED_PASSWORD
}
jetstream {
  store_dir: "/data"
  # What is acknowledged is on disk: events are not told twice, nor lost with the power.
  sync_interval: always
}
{{- if .Values.tls.enabled }}
tls {
  {{- include "tandem.natsTls" . | nindent 2 }}
}
{{- end }}
{{- if gt (int .Values.nats.replicas) 1 }}
cluster {
  name: {{ include "tandem.nats" . }}
  listen: "0.0.0.0:6222"
  no_advertise: true
  authorization {
    user: $QUOTED_USER
    password: $QUOTED_PASSWORD
  }
  {{- if .Values.tls.enabled }}
  tls {
    {{- include "tandem.natsTls" . | nindent 4 }}
    verify: true
  }
  {{- end }}
}
{{- end }}
{{- end -}}

{{- define "tandem.natsTls" -}}
cert_file: "/etc/tandem/tls/tls.crt"
key_file: "/etc/tandem/tls/tls.key"
ca_file: "/etc/tandem/tls/ca.crt"
{{- end -}}
