{{/* Volumes of a component: a private folder, the keys, and what only some need. */}}

{{- define "tandem.owners" -}}
gateway schools assessments evidence badges
{{- end -}}

{{- define "tandem.volumeMounts" -}}
- name: data
  mountPath: /var/lib/tandem
- name: tmp
  mountPath: /tmp
{{- range include "tandem.owners" . | splitList " " }}
- name: keys-{{ . }}
  mountPath: /var/lib/tandem/keys/{{ . }}
  readOnly: true
{{- end }}
{{- if and (eq .name "badges") (include "tandem.keeperSecret" .root) }}
- name: issuer-keeper
  mountPath: /etc/tandem/issuer-keeper
  readOnly: true
{{- end }}
{{- include "tandem.trustMounts" . }}
{{- if and (include "tandem.usesBlobs" .name) (include "tandem.blobsClaim" .root) }}
- name: blobs
  mountPath: /var/lib/tandem/blobs
{{- end }}
{{- end -}}

{{- define "tandem.volumes" -}}
{{- $parts := list (include "tandem.emptyVolumes" .) (include "tandem.keyVolumes" .) -}}
{{- if eq .name "badges" -}}
{{- $parts = append $parts (include "tandem.keeperVolume" .root) -}}
{{- end -}}
{{- $parts = append $parts (include "tandem.trustVolumes" .) -}}
{{- if include "tandem.usesBlobs" .name -}}
{{- $parts = append $parts (include "tandem.blobsVolume" .root) -}}
{{- end -}}
{{- include "tandem.join" $parts -}}
{{- end -}}

{{/* Lost with the pod: uploads under way. Nothing that is acknowledged lies here. */}}
{{- define "tandem.emptyVolumes" -}}
- name: data
  emptyDir:
    sizeLimit: 2Gi
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- end -}}

{{/* What a process proves itself with, and by what it knows others: certificates. */}}
{{- define "tandem.trustVolumes" -}}
{{- if .root.Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "tandem.tlsSecret" . }}
    defaultMode: 0440
{{- end }}
{{- if and (not .root.Values.nats.enabled) .root.Values.nats.external.caConfigMap }}
- name: nats-ca
  configMap:
    name: {{ .root.Values.nats.external.caConfigMap }}
{{- end }}
{{- end -}}

{{- define "tandem.trustMounts" -}}
{{- if .root.Values.tls.enabled }}
- name: tls
  mountPath: /etc/tandem/tls
  readOnly: true
{{- end }}
{{- if and (not .root.Values.nats.enabled) .root.Values.nats.external.caConfigMap }}
- name: nats-ca
  mountPath: /etc/tandem/nats
  readOnly: true
{{- end }}
{{- end -}}

{{/* The own private keys, and the public ones of the others. */}}
{{- define "tandem.keyVolumes" -}}
{{- $prefix := .root.Values.keys.prefix -}}
{{- $own := .name -}}
{{- range include "tandem.owners" . | splitList " " }}
- name: keys-{{ . }}
  {{- if eq . $own }}
  secret:
    secretName: {{ $prefix }}-keys-{{ . }}
    # The program refuses a key that everybody may read.
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ $prefix }}-keys-{{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "tandem.keeperVolume" -}}
{{- with include "tandem.keeperSecret" . }}
- name: issuer-keeper
  secret:
    secretName: {{ . }}
    # The program refuses a key that everybody may read.
    defaultMode: 0440
    items:
      - key: keeper.key
        path: keeper.key
{{- end }}
{{- end -}}

{{- define "tandem.blobsClaim" -}}
{{- if .Values.blobs.volume.enabled -}}
{{ default (printf "%s-blobs" (include "tandem.fullname" .)) .Values.blobs.volume.existingClaim }}
{{- end -}}
{{- end -}}

{{- define "tandem.blobsVolume" -}}
{{- with include "tandem.blobsClaim" . }}
- name: blobs
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- end -}}
