function ConvertTo-NativeConnection {
    <#
    .SYNOPSIS
    Returns a connection as the engine takes it: by name and number, never with a secret in it.
    #>
    [OutputType([hashtable])]
    param(
        [hashtable] $Connection
    )

    switch ($Connection.Through) {
        'session' { @{ through = 'session' } }
        'clientSecret' { @{ through = 'clientSecret'; secret = $Connection.Secret; client = $Connection.ClientId; tenant = $Connection.SignIn; environment = $Connection.Environment } }
        'certificate' { @{ through = 'certificate'; client = $Connection.ClientId; tenant = $Connection.SignIn; environment = $Connection.Environment } }
        'managedIdentity' { @{ through = 'managedIdentity'; client = $(if ($Connection.ClientId) { $Connection.ClientId } else { $null }); environment = $Connection.Environment } }
        'lab' { @{ through = 'lab'; lab = $Connection.Lab } }
        'token' { @{ through = 'token'; secret = $Connection.Secret; environment = $Connection.Environment } }
    }
}
