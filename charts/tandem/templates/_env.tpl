{{/* Variables of the program, by component. */}}

{{- define "tandem.env" -}}
{{- $root := .root -}}
{{- $c := index $root.Values .name -}}
{{- $parts := list (include "tandem.serviceEnv" .) (include "tandem.natsEnv" $root) (include "tandem.generalEnv" $root) -}}
{{- if eq .name "gateway" -}}
{{- $parts = append $parts (include "tandem.webEnv" $root) -}}
{{- end -}}
{{- if include "tandem.usesBlobs" .name -}}
{{- $parts = append $parts (include "tandem.blobsEnv" $root) -}}
{{- end -}}
{{- if eq .name "badges" -}}
{{- $parts = append $parts (include "tandem.keeperEnv" $root) -}}
{{- end -}}
{{- if eq .name "assessments" -}}
{{- $parts = append $parts (include "tandem.mailEnv" $root) -}}
{{- end -}}
{{- $parts = concat $parts (list (include "tandem.goEnv" $c.resources) (include "tandem.moreEnv" (concat $root.Values.extraEnv $c.extraEnv))) -}}
{{- include "tandem.join" $parts -}}
{{- end -}}

{{/* Pieces of a list below each other, without the empty ones. */}}
{{- define "tandem.join" -}}
{{- $pieces := list -}}
{{- range . -}}
{{- with trim . -}}{{- $pieces = append $pieces . -}}{{- end -}}
{{- end -}}
{{- join "\n" $pieces -}}
{{- end -}}

{{- define "tandem.moreEnv" -}}
{{- with . -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{/* What makes a process one service of several. */}}
{{- define "tandem.serviceEnv" -}}
- name: TANDEM_OPS_ADDR
  value: ":8081"
{{- if eq .name "gateway" }}
- name: TANDEM_HTTP_ADDR
  value: ":8080"
{{- else }}
- name: TANDEM_GRPC_ADDR
  value: ":9000"
{{- end }}
{{- range include "tandem.calls" .name | splitList " " }}
- name: TANDEM_{{ upper . }}_ADDR
  value: dns:///{{ include "tandem.componentName" (dict "root" $.root "name" .) }}:9000
{{- end }}
- name: TANDEM_{{ upper .name }}_DB
  valueFrom:
    secretKeyRef:
      name: {{ include "tandem.servicesSecret" .root }}
      key: {{ .name }}
# The migration Job changes the schema; pods wait for it.
- name: TANDEM_MIGRATE
  value: "false"
- name: TANDEM_START_WAIT
  value: {{ printf "%ds" (int .root.Values.startWaitSeconds) }}
- name: TANDEM_DRAIN_DELAY
  value: {{ printf "%ds" (int .root.Values.drainDelaySeconds) }}
{{- if .root.Values.tls.enabled }}
- name: TANDEM_TLS_DIR
  value: /etc/tandem/tls
{{- end }}
{{- end -}}

{{/* What every process of the program has, in both scenarios. */}}
{{- define "tandem.generalEnv" -}}
- name: TANDEM_PUBLIC_URL
  value: {{ include "tandem.publicUrl" . | quote }}
- name: TANDEM_DATA
  value: {{ ternary "/var/lib/tandem/data" "/var/lib/tandem" (eq .Values.scenario "single") }}
- name: TANDEM_LOG_LEVEL
  value: {{ .Values.log.level }}
- name: TANDEM_DRAIN
  value: {{ printf "%ds" (int .Values.drainSeconds) }}
{{- if .Values.readOnly }}
- name: TANDEM_READ_ONLY
  value: "true"
{{- end }}
{{- with .Values.telemetry.otlpEndpoint }}
- name: TANDEM_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: TANDEM_TRACE_RATIO
  value: {{ $.Values.telemetry.traceRatio | quote }}
{{- end }}
{{- $ops := .Values.ops.secretName | default (ternary "" (printf "%s-ops" .Values.keys.prefix) (eq .Values.scenario "single")) }}
{{- with $ops }}
- name: TANDEM_OPS_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: token
      optional: {{ empty $.Values.ops.secretName }}
{{- end }}
{{- if .Values.development.enabled }}
- name: TANDEM_DEV
  value: "true"
{{- end }}
{{- end -}}

{{/* What the part that serves browsers needs. */}}
{{- define "tandem.webEnv" -}}
{{- with .Values.corsOrigins }}
- name: TANDEM_CORS_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.trustedProxies }}
- name: TANDEM_TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- end -}}

{{- define "tandem.keeperEnv" -}}
{{- with include "tandem.issuerKeeper" . }}
- name: TANDEM_ISSUER_KEEPER
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "tandem.mailEnv" -}}
{{- with .Values.mail.secretName }}
- name: TANDEM_SMTP_URL
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: smtp-url
- name: TANDEM_MAIL_FROM
  value: {{ required "mail.from says whom mails come from" $.Values.mail.from | quote }}
{{- end }}
{{- end -}}

{{/* The store of files and what opens it. Credentials have the names that the AWS library knows. */}}
{{- define "tandem.blobsEnv" -}}
{{- with .Values.blobs.url | default (ternary "" "file:///var/lib/tandem/blobs" (eq .Values.scenario "single")) -}}
- name: TANDEM_BLOBS
  value: {{ . | quote }}
{{- end }}
{{- include "tandem.bucketEnv" .Values.blobs.secretName }}
{{- end -}}

{{- define "tandem.bucketEnv" -}}
{{- with . }}
- name: AWS_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: access-key-id
- name: AWS_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: secret-access-key
{{- end }}
{{- end -}}

{{/* The event bus: the chart's, or one of somebody else. Kubernetes puts user and password in. */}}
{{- define "tandem.natsEnv" -}}
{{- with include "tandem.natsSecret" . }}
- name: NATS_USER
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: user
- name: NATS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: password
{{- end }}
- name: TANDEM_NATS
  value: {{ include "tandem.natsUrl" . | quote }}
- name: TANDEM_NATS_REPLICAS
  value: {{ ternary (min 3 .Values.nats.replicas) .Values.nats.external.replicas .Values.nats.enabled | quote }}
{{- if and .Values.nats.enabled .Values.tls.enabled }}
- name: TANDEM_NATS_CA
  value: /etc/tandem/tls/ca.crt
{{- else if and (not .Values.nats.enabled) .Values.nats.external.caConfigMap }}
- name: TANDEM_NATS_CA
  value: /etc/tandem/nats/ca.crt
{{- end }}
{{- end -}}

{{- define "tandem.natsUrl" -}}
{{- if .Values.nats.enabled -}}
{{ ternary "tls" "nats" .Values.tls.enabled }}://$(NATS_USER):$(NATS_PASSWORD)@{{ include "tandem.componentName" (dict "root" . "name" "nats") }}:4222
{{- else -}}
{{ ternary (replace "://" "://$(NATS_USER):$(NATS_PASSWORD)@" .Values.nats.external.url) .Values.nats.external.url (not (empty .Values.nats.external.secretName)) }}
{{- end -}}
{{- end -}}

{{- define "tandem.goEnv" -}}
- name: GOMEMLIMIT
  value: {{ include "tandem.goMemory" .limits.memory | quote }}
{{- end -}}
