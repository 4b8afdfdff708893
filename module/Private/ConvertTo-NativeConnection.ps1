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
        'token' { @{ through = 'token'; secret = $Connection.Secret; environment = $Connection.Environment } }
    }
}
